package org.atex.fmf;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.atex.api.TestSource;
import org.atex.fmf.DiscoverSection.Choice;
import org.atex.fmf.DiscoverSection.Inline;
import org.atex.fmf.DiscoverSection.Named;
import org.atex.fmf.TestChooser.Chosen;
import org.atex.fmf.TestChooser.TestCounts;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfFilter;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Performs one discovery: reads the sections of a plan in their order, or one tree without a plan. For one thread. */
final class Discoverer {
    // The name of the public class, for users who configure logging.
    private static final Logger LOG = LoggerFactory.getLogger(FmfDiscovery.class);
    private static final int LISTED_ERRORS = 20;

    private final DiscoverySettings settings;
    private final String treeDescription;
    private final TestSelection selection;
    private final FmfTree planTree;
    private final FmfTree adjusted;
    private final FmfContext context;
    private final @Nullable FoundPlan plan;
    private final List<DiscoverSection> sections;
    private final FmfPlan planData;
    private final KeyCheck keys = new KeyCheck();
    private final Libraries libraries;
    private final Set<FmfSource> sources = new LinkedHashSet<>();
    private final List<FmfTest> tests = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private final Set<String> directoryNames = new HashSet<>();
    private final List<TestChooser> choosers = new ArrayList<>();
    private final List<FmfException> errors = new ArrayList<>();

    /**
     * Loads the tree and reads the plan.
     *
     * @param from the location of the tree
     * @param name the name of the plan; empty for none
     * @param selection the program's criteria for tests
     * @param settings the settings of the discovery
     */
    Discoverer(FmfId from, String name, TestSelection selection, DiscoverySettings settings)
            throws InterruptedException {
        this.selection = selection;
        this.treeDescription = from.url() == null ? from.path() : from.toString();
        FmfTree tree = settings.cache().tree(from);
        PlanFinder finder = new PlanFinder(tree, from, settings);
        this.plan = name.isEmpty() ? null : finder.find(name);
        if (plan == null) {
            this.context = settings.context();
            this.sections = List.of(DiscoverSection.ALL);
            this.planData = FmfPlan.NONE;
            this.adjusted = finder.adjusted();
            // A large tree is not adjusted twice.
            this.planTree = adjusted;
        } else {
            PlanReader reader = new PlanReader(plan, settings);
            reader.requireEnabled();
            reader.check(keys);
            this.context = reader.context();
            this.sections = reader.sections();
            this.planData = reader.plan();
            this.planTree = plan.tree();
            this.adjusted = sameTree(plan, tree) && context.equals(settings.context())
                    ? finder.adjusted()
                    : planTree.adjust(context, DiscoverySettings.ADJUSTMENT);
        }
        this.settings = settings.withContext(context);
        this.libraries = new Libraries(this.settings);
    }

    // Only the same object is known to be equal; comparing two trees would cost as much as loading one.
    @SuppressWarnings("ReferenceEquality")
    private static boolean sameTree(FoundPlan plan, FmfTree tree) {
        return plan.tree() == tree;
    }

    FmfTests discover() throws InterruptedException {
        for (DiscoverSection section : sections) {
            if (section.enabled()) {
                add(section);
            }
        }
        if (!errors.isEmpty()) {
            throw combinedErrors();
        }
        if (tests.isEmpty()) {
            throw noTestsChosen();
        }
        sources.addAll(libraries.sources());
        List<String> warnings = new ArrayList<>(keys.warnings());
        if (planData.provision().size() > 1) {
            warnings.add(severalSystems());
        }
        warnings.forEach(LOG::warn);
        return new FmfTests(
                planTree.directory().orElseThrow(), planData, List.copyOf(sources), tests, List.copyOf(warnings));
    }

    /** Sections with {@code where} for some of the systems are refused where they are read. */
    private String severalSystems() {
        int systems = planData.provision().size();
        return "the plan " + planData.name() + " provisions " + systems
                + " systems, and with tmt each test runs on each of them; here it runs once, on one system:"
                + " make a MultihostTest of the tests of the roles, or write a plan for each kind of system";
    }

    private void add(DiscoverSection section) throws InterruptedException {
        String prefix = sections.size() == 1 ? "" : "/" + section.name();
        // As in tmt, names have a prefix only if there are several sections.
        String directoryName = sections.size() == 1 ? "" : uniqueDirectoryName(section.name());
        int before = tests.size();
        switch (section.tests()) {
            case Choice choice -> addTestsOfTree(section, choice, prefix, directoryName);
            case Inline inline -> addInlineTests(section, inline, prefix, directoryName);
        }
        List<String> chosen =
                tests.subList(before, tests.size()).stream().map(FmfTest::name).toList();
        for (String required : section.required()) {
            // Tests with errors are missing in the list; their errors are reported instead.
            if (errors.isEmpty() && !chosen.contains(prefix + required)) {
                throw Objects.requireNonNull(plan)
                        .wrong(
                                "discover",
                                "'require-test' names " + required + ", which is not among the chosen tests: "
                                        + (chosen.size() > 20 ? chosen.size() + " tests" : chosen));
            }
        }
    }

    /** {@return a directory name that no other section has} Characters that are unsafe in paths are replaced. */
    private String uniqueDirectoryName(String name) {
        String safe = name.replaceAll("[^A-Za-z0-9_.-]+", "-").replaceFirst("^[.-]+", "");
        String unique = safe.isEmpty() ? "section" : safe;
        for (int i = 2; !directoryNames.add(unique); i++) {
            unique = safe + "-" + i;
        }
        return unique;
    }

    private void addSource(String directoryName, Path root) {
        sources.add(new FmfSource(directoryName.isEmpty() ? "tree" : "tree/" + directoryName, root));
    }

    private void addTestsOfTree(DiscoverSection section, Choice choice, String prefix, String directoryName)
            throws InterruptedException {
        TreeSource from = section.source();
        boolean isPlanTree = from == null || from.isPlanTree();
        FmfTree tree = isPlanTree ? planTree : Objects.requireNonNull(from).tree(context);
        Path root = tree.directory().orElseThrow();
        TestChooser chooser = new TestChooser(
                new TestChooser.Trees(tree, isPlanTree ? adjusted : null, context, prefix, plan != null),
                choice,
                selection);
        choosers.add(chooser);
        List<Named> modified = modifiedTests(choice, from, root);
        // An empty list of names would select all tests.
        if (choice.modified() != null && modified.isEmpty()) {
            return;
        }
        addSource(directoryName, root);
        for (Chosen test : chooser.choose(modified)) {
            FmfNode node = test.node();
            keys.node(node);
            String label = node.name() + " (" + node.sources() + ")";
            addTest(() -> FmfTest.of(
                            node,
                            uniqueName(prefix + node.name()),
                            join(directoryName, directory(node, root)),
                            libraries.needs(node, label, test.tree()))
                    .withSource(sourceOf(node, root)));
        }
    }

    /** Reads the metadata of a test. */
    private interface Reading {
        FmfTest test() throws InterruptedException;
    }

    /**
     * Adds a test, or the error in its metadata, so that all errors are reported at once. An error of fetching is
     * thrown: further tests would wait for the same server again.
     */
    private void addTest(Reading reading) throws InterruptedException {
        try {
            tests.add(reading.test());
        } catch (FmfException e) {
            if (e.kind() == FmfException.Kind.FETCH) {
                throw e;
            }
            errors.add(e);
        }
    }

    private FmfException combinedErrors() {
        FmfException first = errors.getFirst();
        if (errors.size() == 1) {
            return first;
        }
        String messages = errors.stream()
                .limit(LISTED_ERRORS)
                .map(error -> "\n" + error.getMessage())
                .collect(Collectors.joining());
        FmfException all = new FmfException(
                first.kind(),
                errors.size() + " of the chosen tests cannot be run:" + messages
                        + (errors.size() > LISTED_ERRORS ? "\nand " + (errors.size() - LISTED_ERRORS) + " more" : ""),
                null);
        errors.stream().limit(LISTED_ERRORS).forEach(all::addSuppressed);
        return all;
    }

    private List<Named> modifiedTests(Choice choice, @Nullable TreeSource from, Path root) throws InterruptedException {
        if (choice.modified() == null || from == null || plan == null) {
            return List.of();
        }
        String subject = plan.node().place("discover") + "the plan " + plan.name() + ",";
        return ModifiedTests.since(choice.modified(), subject, from.repository(), root);
    }

    private void addInlineTests(DiscoverSection section, Inline inline, String prefix, String directoryName)
            throws InterruptedException {
        TreeSource from = section.source();
        boolean isPlanTree = from == null || from.isPlanTree();
        Path root = isPlanTree
                ? planTree.directory().orElseThrow()
                : Objects.requireNonNull(from).directory(context);
        addSource(directoryName, root);
        for (InlineTests.InlineTest test : InlineTests.choose(inline, selection, prefix)) {
            String label =
                    test.name() + " of the plan " + Objects.requireNonNull(plan).name();
            Libraries.Needs needs = libraries.needs(test.node(), label, isPlanTree ? adjusted : null);
            addTest(() -> InlineTests.readAt(
                    inline.section(),
                    test,
                    () -> FmfTest.of(
                                    test.node(),
                                    uniqueName(prefix + test.name()),
                                    join(directoryName, directory(test.node(), root)),
                                    needs)
                            .withSource(sourceOf(
                                    Objects.requireNonNull(plan).node(),
                                    planTree.directory().orElseThrow()))));
        }
    }

    /**
     * {@return the file and line that describe a node, relative to the root of its tree; null if the file is outside
     * the tree}
     */
    private static @Nullable TestSource sourceOf(FmfNode node, Path root) {
        return node.definition()
                .map(Path::normalize)
                .filter(file -> file.startsWith(root))
                .map(file -> new TestSource(root.relativize(file).toString(), node.line()))
                .orElse(null);
    }

    /**
     * {@return a name that no other test has} A test that is chosen twice runs twice, and results are stored by name.
     */
    private String uniqueName(String name) {
        String unique = name;
        for (int i = 2; !names.add(unique); i++) {
            unique = name + "#" + i;
        }
        return unique;
    }

    private static String join(String directoryName, String directory) {
        return directoryName.isEmpty() || directory.isEmpty()
                ? directoryName + directory
                : directoryName + "/" + directory;
    }

    /** {@return the working directory of a test, relative to the root of its tree} */
    static String directory(FmfNode node, Path root) {
        Path directory = node.text("path")
                .map(path -> root.resolve(path.replaceFirst("^/+", "")))
                .or(node::directory)
                .orElse(root);
        Path relative = root.relativize(directory.normalize());
        if (relative.startsWith("..")) {
            throw node.unexpected("path", "a directory of the tree");
        }
        return relative.toString();
    }

    private FmfException noTestsChosen() {
        TestCounts counts = TestCounts.NONE;
        for (TestChooser chooser : choosers) {
            counts = counts.and(chooser.count());
        }
        if (counts.automatic() == 0 && !choosers.isEmpty()) {
            return noTests(
                    counts.all() == 0
                            ? "the tree has no tests: a test is a node with the key 'test'"
                            : counts + "none can run in the context " + context);
        }
        StringBuilder criteria = new StringBuilder();
        for (DiscoverSection section : sections) {
            String text = section.enabled() ? section.tests().toString() : "not enabled in this context";
            if (!text.isEmpty()) {
                criteria.append(sections.size() == 1 ? "" : "section " + section.name() + ": ")
                        .append(text)
                        .append("; ");
            }
        }
        return noTests((choosers.isEmpty() ? "" : counts + "none ")
                + (counts.automatic() == counts.all() ? "" : "of the other " + counts.automatic() + " ")
                + (choosers.isEmpty() ? "none matches " : "matches ")
                + (plan == null ? "" : "the plan " + plan.name() + ", ") + criteria
                + (selection.equals(TestSelection.ALL) ? "" : "the program's " + selection + "; ")
                + "context " + context + ": loosen one of them" + unknownFilterKeys());
    }

    /** {@return sentences about filters that no test can match, because no test has one of their keys} */
    private String unknownFilterKeys() {
        Set<String> known = new TreeSet<>();
        choosers.forEach(chooser -> known.addAll(chooser.keys()));
        Set<String> filters = new LinkedHashSet<>(selection.filters());
        for (DiscoverSection section : sections) {
            if (section.tests() instanceof Choice choice) {
                filters.addAll(choice.filters());
            }
        }
        StringBuilder text = new StringBuilder();
        for (String filter : filters) {
            Set<String> mentioned = FmfFilter.of(filter).keys();
            for (String key : mentioned) {
                if (!known.contains(key)) {
                    String nearest = KeyCheck.nearest(key, known);
                    text.append("; no test has the key '" + key + "' of the filter '" + filter + "'"
                            + (nearest == null ? "" : ": did you mean '" + nearest + "'?"));
                }
            }
            if (mentioned.isEmpty()) {
                text.append("; the filter '" + filter + "' is a test name, as it has no form such as 'key: value'");
            }
        }
        return text.toString();
    }

    private FmfException noTests(String why) {
        return new FmfException(FmfException.Kind.GENERAL, "no tests to run in " + treeDescription + ": " + why, null);
    }
}

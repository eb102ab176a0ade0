package org.atex.fmf;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.atex.api.TestSource;
import org.atex.fmf.DiscoverSection.Choice;
import org.atex.fmf.DiscoverSection.Named;
import org.atex.fmf.DiscoverSection.Written;
import org.atex.fmf.TestChooser.Chosen;
import org.atex.fmf.TestChooser.Known;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Goes from section to section of a plan, or through one tree without a plan, once. For one thread. */
final class Discoverer {
    private static final Logger LOG = LoggerFactory.getLogger(FmfDiscovery.class);
    private static final int SHOWN = 20;

    private final Settings settings;
    private final String where;
    private final Wanted wanted;
    private final FmfTree own;
    private final FmfTree adjusted;
    private final FmfContext context;
    private final @Nullable FoundPlan plan;
    private final List<DiscoverSection> sections;
    private final FmfPlan read;
    private final KeyCheck keys = new KeyCheck();
    private final Libraries libraries;
    private final Set<FmfSource> sources = new LinkedHashSet<>();
    private final List<FmfTest> tests = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private final Set<String> places = new HashSet<>();
    private final List<TestChooser> choosers = new ArrayList<>();
    private final List<FmfException> mistakes = new ArrayList<>();

    /**
     * Reads the plan.
     *
     * @param from where the tree is
     * @param name the plan; empty for none
     * @param wanted which tests the program asks for
     * @param settings how
     */
    Discoverer(FmfId from, String name, Wanted wanted, Settings settings) throws InterruptedException {
        this.wanted = wanted;
        this.where = from.url() == null ? from.path() : from.toString();
        FmfTree tree = settings.cache().tree(from);
        PlanFinder finder = new PlanFinder(tree, from, settings);
        this.plan = name.isEmpty() ? null : finder.find(name);
        if (plan == null) {
            this.context = settings.context();
            this.sections = List.of(DiscoverSection.ALL);
            this.read = FmfPlan.NONE;
            this.adjusted = finder.adjusted();
            // Nothing is adjusted once more, and a tree may be large.
            this.own = adjusted;
        } else {
            PlanReader reader = new PlanReader(plan, settings);
            reader.requireEnabled();
            reader.check(keys);
            this.context = reader.context();
            this.sections = reader.sections();
            this.read = reader.plan();
            this.own = plan.tree();
            this.adjusted = sameTree(plan, tree) && context.equals(settings.context())
                    ? finder.adjusted()
                    : own.adjust(context, Settings.ADJUSTMENT);
        }
        this.settings = settings.withContext(context);
        this.libraries = new Libraries(this.settings);
    }

    @SuppressWarnings("ReferenceEquality") // Adjusting another object would cost what loading it did.
    private static boolean sameTree(FoundPlan plan, FmfTree tree) {
        return plan.tree() == tree;
    }

    FmfTests discover() throws InterruptedException {
        for (DiscoverSection section : sections) {
            if (section.enabled()) {
                add(section);
            }
        }
        if (!mistakes.isEmpty()) {
            throw mistaken();
        }
        if (tests.isEmpty()) {
            throw nothingLeft();
        }
        sources.addAll(libraries.sources());
        keys.warnings().forEach(LOG::warn);
        return new FmfTests(own.directory().orElseThrow(), read, List.copyOf(sources), tests, keys.warnings());
    }

    private void add(DiscoverSection section) throws InterruptedException {
        String prefix = sections.size() == 1 ? "" : "/" + section.name();
        String place = sections.size() == 1 ? "" : place(section.name());
        int before = tests.size();
        switch (section.tests()) {
            case Choice choice -> choose(section, choice, prefix, place);
            case Written written -> write(section, written, prefix, place);
        }
        List<String> chosen =
                tests.subList(before, tests.size()).stream().map(FmfTest::name).toList();
        for (String required : section.required()) {
            if (mistakes.isEmpty() && !chosen.contains(prefix + required)) {
                throw Objects.requireNonNull(plan)
                        .wrong(
                                "discover",
                                "'require-test' asks for " + required + ", which is not among the chosen "
                                        + (chosen.size() > 20 ? chosen.size() + " tests" : chosen));
            }
        }
    }

    /** {@return a directory's name of its own} */
    private String place(String name) {
        String safe = name.replaceAll("[^A-Za-z0-9_.-]+", "-").replaceFirst("^[.-]+", "");
        String place = safe.isEmpty() ? "section" : safe;
        for (int i = 2; !places.add(place); i++) {
            place = safe + "-" + i;
        }
        return place;
    }

    private void source(String place, Path root) {
        sources.add(new FmfSource(place.isEmpty() ? "tree" : "tree/" + place, root));
    }

    private void choose(DiscoverSection section, Choice choice, String prefix, String place)
            throws InterruptedException {
        TreeSource from = section.source();
        boolean isOwn = from == null || from.isOwn();
        FmfTree tree = isOwn ? own : Objects.requireNonNull(from).tree(context);
        Path root = tree.directory().orElseThrow();
        TestChooser chooser = new TestChooser(
                new TestChooser.Trees(tree, isOwn ? adjusted : null, context, prefix, plan != null), choice, wanted);
        choosers.add(chooser);
        List<Named> modified = modified(choice, from, root);
        if (choice.modified() != null && modified.isEmpty()) {
            return;
        }
        source(place, root);
        for (Chosen test : chooser.choose(modified)) {
            FmfNode node = test.node();
            keys.node(node);
            String who = node.name() + " (" + node.sources() + ")";
            attempt(() -> FmfTest.of(
                            node,
                            unique(prefix + node.name()),
                            below(place, directory(node, root)),
                            libraries.needs(node, who, test.tree()))
                    .withSource(described(node, root)));
        }
    }

    /** Reads a test. */
    private interface Reading {
        FmfTest test() throws InterruptedException;
    }

    /** Goes on after a mistake, so that all of them are told at once; but a server that does not answer is not asked again. */
    private void attempt(Reading reading) throws InterruptedException {
        try {
            tests.add(reading.test());
        } catch (FmfException e) {
            if (e.kind() == FmfException.Kind.FETCH) {
                throw e;
            }
            mistakes.add(e);
        }
    }

    private FmfException mistaken() {
        FmfException first = mistakes.getFirst();
        if (mistakes.size() == 1) {
            return first;
        }
        String words = mistakes.stream()
                .limit(SHOWN)
                .map(mistake -> "\n" + mistake.getMessage())
                .collect(Collectors.joining());
        FmfException all = new FmfException(
                first.kind(),
                mistakes.size() + " of the chosen tests cannot be run:" + words
                        + (mistakes.size() > SHOWN ? "\nand " + (mistakes.size() - SHOWN) + " more" : ""),
                null);
        mistakes.stream().limit(SHOWN).forEach(all::addSuppressed);
        return all;
    }

    private List<Named> modified(Choice choice, @Nullable TreeSource from, Path root) throws InterruptedException {
        if (choice.modified() == null || from == null || plan == null) {
            return List.of();
        }
        String what = plan.node().place("discover") + "the plan " + plan.name() + ",";
        return ModifiedTests.since(choice.modified(), what, from.repository(), root);
    }

    private void write(DiscoverSection section, Written written, String prefix, String place)
            throws InterruptedException {
        TreeSource from = section.source();
        boolean isOwn = from == null || from.isOwn();
        Path root = isOwn
                ? own.directory().orElseThrow()
                : Objects.requireNonNull(from).directory(context);
        source(place, root);
        for (WrittenTests.One test : WrittenTests.choose(written, wanted, prefix)) {
            String who =
                    test.name() + " of the plan " + Objects.requireNonNull(plan).name();
            Libraries.Needs needs = libraries.needs(test.node(), who, isOwn ? adjusted : null);
            attempt(() -> WrittenTests.at(
                    written.section(),
                    test,
                    () -> FmfTest.of(
                                    test.node(),
                                    unique(prefix + test.name()),
                                    below(place, directory(test.node(), root)),
                                    needs)
                            .withSource(described(
                                    Objects.requireNonNull(plan).node(),
                                    own.directory().orElseThrow()))));
        }
    }

    /** {@return where something is described, as its tree names the file; null if no file of the tree does it} */
    private static @Nullable TestSource described(FmfNode node, Path root) {
        return node.definition()
                .map(Path::normalize)
                .filter(file -> file.startsWith(root))
                .map(file -> new TestSource(root.relativize(file).toString(), node.line()))
                .orElse(null);
    }

    /** {@return a name that no other test has: one that is chosen twice runs twice, with results of its own} */
    private String unique(String name) {
        String unique = name;
        for (int i = 2; !names.add(unique); i++) {
            unique = name + "#" + i;
        }
        return unique;
    }

    private static String below(String place, String directory) {
        return place.isEmpty() || directory.isEmpty() ? place + directory : place + "/" + directory;
    }

    /** {@return where a test runs, relative to the root of its tree} */
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

    private FmfException nothingLeft() {
        Known known = Known.NONE;
        for (TestChooser chooser : choosers) {
            known = known.and(chooser.count());
        }
        if (known.left() == 0 && !choosers.isEmpty()) {
            return nothing(known + "none is left to choose from in the context " + context
                    + (known.all() == 0 ? ": a test is a node with the key 'test'" : ""));
        }
        StringBuilder asked = new StringBuilder();
        for (DiscoverSection section : sections) {
            asked.append(sections.size() == 1 ? "" : "section " + section.name() + ": ")
                    .append(section.enabled() ? section.tests() : "not for this context")
                    .append("; ");
        }
        return nothing((choosers.isEmpty() ? "" : known + "none ")
                + (known.left() == known.all() ? "" : "of the other " + known.left() + " ")
                + (choosers.isEmpty() ? "none is left by " : "is left by ")
                + (plan == null ? "" : "the plan " + plan.name() + ", ") + asked
                + (wanted.equals(Wanted.ALL) ? "" : "the program's " + wanted + "; ")
                + "context " + context + ": loosen one of them");
    }

    private FmfException nothing(String why) {
        return new FmfException(FmfException.Kind.GENERAL, "no tests to run in " + where + ": " + why, null);
    }
}

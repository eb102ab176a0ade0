package org.atex.fmf;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.atex.fmf.DiscoverSection.Known;
import org.atex.fmf.DiscoverSection.Wanted;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfTree;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses tests of a tree, or of all the trees that a plan names. Names, filters, excludes and conditions given here are
 * added to those of the plan, in each of its {@code discover} sections. Immutable: each method gives a changed copy.
 * Nothing is read before {@link #discover()}.
 */
public final class FmfDiscovery {
    private static final Logger LOG = LoggerFactory.getLogger(FmfDiscovery.class);
    private static final String LIBRARIES = "https://github.com/beakerlib";

    private final FmfId from;
    private final String plan;
    private final Wanted wanted;
    private final Settings settings;

    /**
     * How to go about it.
     *
     * @param context what is known about where the tests will run
     * @param cache where other trees are fetched to
     * @param libraries whether libraries are fetched
     * @param libraryUrl what precedes the name of a repository of libraries
     */
    record Settings(FmfContext context, FmfCache cache, boolean libraries, String libraryUrl) {}

    FmfDiscovery(FmfId from) {
        this(from, "", Wanted.ALL, new Settings(FmfContext.empty(), FmfCache.standard(), true, LIBRARIES));
    }

    private FmfDiscovery(FmfId from, String plan, Wanted wanted, Settings settings) {
        this.from = from;
        this.plan = plan;
        this.wanted = wanted;
        this.settings = settings;
    }

    private FmfDiscovery and(Wanted more) {
        return new FmfDiscovery(from, plan, wanted.and(more), settings);
    }

    private FmfDiscovery with(Settings changed) {
        return new FmfDiscovery(from, plan, wanted, changed);
    }

    /**
     * {@return this discovery, led by a plan: it says which tests, of which trees, with which variables, prepared how}
     *
     * @param name the plan's name, such as {@code /plans/smoke}
     */
    public FmfDiscovery plan(String name) {
        return new FmfDiscovery(from, name, wanted, settings);
    }

    /**
     * {@return this discovery, of tests whose name matches}
     *
     * @param pattern a regular expression that is searched for in names; of several, those of the plan included, any
     *     will do
     */
    public FmfDiscovery name(String pattern) {
        return and(new Wanted(List.of(pattern), List.of(), List.of(), unused -> true));
    }

    /**
     * {@return this discovery, of tests that a filter accepts}
     *
     * @param expression an fmf filter, such as {@code tag: smoke & component: bash}; of several, all must hold
     */
    public FmfDiscovery filter(String expression) {
        return and(new Wanted(List.of(), List.of(expression), List.of(), unused -> true));
    }

    /**
     * {@return this discovery, without tests whose name matches}
     *
     * @param pattern a regular expression that is searched for in names
     */
    public FmfDiscovery exclude(String pattern) {
        return and(new Wanted(List.of(), List.of(), List.of(pattern), unused -> true));
    }

    /**
     * {@return this discovery, of tests that plain Java accepts}
     *
     * @param condition is asked of each test's node; of several, all must hold
     */
    public FmfDiscovery where(Predicate<FmfNode> condition) {
        return and(new Wanted(List.of(), List.of(), List.of(), condition));
    }

    /**
     * {@return this discovery, in another context: what the {@code adjust} rules of all trees ask about}
     *
     * @param value the dimensions, such as {@code distro} and {@code arch}
     */
    public FmfDiscovery context(FmfContext value) {
        return with(new Settings(value, settings.cache, settings.libraries, settings.libraryUrl));
    }

    /**
     * {@return this discovery, with trees and libraries fetched to another place}
     *
     * @param value the place; by default {@link FmfCache#standard()}
     */
    public FmfDiscovery cache(FmfCache value) {
        return with(new Settings(settings.context, value, settings.libraries, settings.libraryUrl));
    }

    /**
     * {@return this discovery, which leaves libraries alone: what tests require of them is forgotten}
     */
    public FmfDiscovery withoutLibraries() {
        return with(new Settings(settings.context, settings.cache, false, settings.libraryUrl));
    }

    /**
     * {@return this discovery, which looks elsewhere for {@code library(repository/name)}}
     *
     * @param url what {@code /repository} is appended to; by default {@code https://github.com/beakerlib}
     */
    public FmfDiscovery librariesFrom(String url) {
        return with(new Settings(settings.context, settings.cache, settings.libraries, url));
    }

    /**
     * Reads the trees, fetches what is elsewhere, and chooses. Keys of the chosen tests and of the plan that are nearly those of
     * the format, such as {@code reqiure}, are logged as warnings and kept in {@link FmfTests#warnings}.
     *
     * @return the tests, at least one
     * @throws FmfException if a tree or library cannot be fetched or read, there is no such plan, or nothing is left to
     *     run
     * @throws InterruptedException if interrupted while something was being fetched
     */
    public FmfTests discover() throws InterruptedException {
        FmfTree tree = settings.cache.tree(from).adjust(settings.context);
        PlanReader reader = plan.isEmpty() ? null : PlanReader.of(tree, plan);
        List<DiscoverSection> sections = reader == null ? List.of(DiscoverSection.ALL) : reader.sections();
        Libraries libraries = new Libraries(settings);
        Set<FmfSource> sources = new LinkedHashSet<>();
        List<FmfTest> tests = new ArrayList<>();
        Known known = Known.NONE;
        KeyCheck keys = new KeyCheck();
        if (reader != null) {
            reader.check(keys);
        }
        for (DiscoverSection section : sections) {
            FmfTree own = section.tree(tree, settings.cache);
            FmfTree adjusted = own == tree ? tree : own.adjust(settings.context);
            String prefix = sections.size() == 1 ? "" : section.name();
            Path root = adjusted.directory().orElseThrow();
            sources.add(new FmfSource(prefix.isEmpty() ? "tree" : "tree/" + prefix, root));
            for (FmfNode node : section.wanted().and(wanted).choose(adjusted, prefix.isEmpty() ? "" : "/" + prefix)) {
                keys.node(node);
                tests.add(FmfTest.of(node, prefix, directory(node, root), libraries.needs(node, adjusted)));
            }
            known = known.and(Wanted.count(adjusted));
        }
        if (tests.isEmpty()) {
            throw nothingLeft(known, sections);
        }
        sources.addAll(libraries.sources());
        keys.warnings().forEach(LOG::warn);
        return new FmfTests(
                tree.directory().orElseThrow(),
                reader == null ? FmfPlan.NONE : reader.plan(settings.context),
                List.copyOf(sources),
                tests,
                keys.warnings());
    }

    private static String directory(FmfNode node, Path root) {
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

    private FmfException nothingLeft(Known known, List<DiscoverSection> sections) {
        if (known.left() == 0) {
            return new FmfException(
                    FmfException.Kind.GENERAL,
                    "no tests to run in " + where() + ": " + known + "none is left to choose from in the context "
                            + settings.context + (known.all() == 0 ? ": a test is a node with the key 'test'" : ""),
                    null);
        }
        StringBuilder asked = new StringBuilder();
        for (DiscoverSection section : sections) {
            asked.append(section.name().isEmpty() ? "" : "section " + section.name() + ": ")
                    .append(section.wanted().and(wanted))
                    .append("; ");
        }
        return new FmfException(
                FmfException.Kind.GENERAL,
                "no tests to run in " + where() + ": " + known + "none "
                        + (known.left() == known.all() ? "" : "of the other " + known.left() + " ") + "is left by "
                        + (plan.isEmpty() ? "" : "the plan " + plan + ", ") + asked
                        + "context " + settings.context + ": loosen one of them",
                null);
    }

    private String where() {
        return from.url() == null ? from.path() : from.toString();
    }
}

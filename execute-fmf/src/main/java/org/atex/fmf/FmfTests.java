package org.atex.fmf;

import java.nio.file.Path;
import java.util.AbstractList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The tests that a discovery chose, in the order in which they are to run, with the trees and the plan that they come from: a
 * list, to be mapped and filtered with plain Java before it is run. Immutable.
 */
public final class FmfTests extends AbstractList<FmfTest> {
    private final Path tree;
    private final FmfPlan plan;
    private final List<FmfSource> sources;
    private final List<FmfTest> tests;
    private final List<String> warnings;

    FmfTests(Path tree, FmfPlan plan, List<FmfSource> sources, List<FmfTest> tests, List<String> warnings) {
        this.tree = tree;
        this.plan = plan;
        this.sources = sources;
        this.tests = List.copyOf(tests);
        this.warnings = warnings;
    }

    /**
     * {@return a discovery of the tests of a tree}
     *
     * @param path a directory of the tree
     */
    public static FmfDiscovery from(Path path) {
        return from(new FmfId(null, null, path.toAbsolutePath().toString(), "/"));
    }

    /**
     * {@return a discovery of the tests of a tree that may be elsewhere}
     *
     * @param tree where it is; its name does not matter
     */
    public static FmfDiscovery from(FmfId tree) {
        return new FmfDiscovery(tree);
    }

    /** {@return the root of the tree that the discovery began with: the one that has the plan} */
    public Path tree() {
        return tree;
    }

    /** {@return the directories that systems get copies of: trees, then libraries; unmodifiable} */
    public List<FmfSource> sources() {
        return sources;
    }

    /** {@return the plan that chose them} */
    public FmfPlan plan() {
        return plan;
    }

    /**
     * {@return what is probably a mistake in the metadata of the plan and of the tests that were discovered: keys that are nearly
     * those of the format, and so ignored; each with file and line, and what was probably meant; unmodifiable}
     */
    public List<String> warnings() {
        return warnings;
    }

    /**
     * {@return these tests, each changed}
     *
     * @param change what to do with each
     */
    public FmfTests map(UnaryOperator<FmfTest> change) {
        return new FmfTests(tree, plan, sources, tests.stream().map(change).toList(), warnings);
    }

    /**
     * {@return those of the tests that are wanted, which may be none}
     *
     * @param wanted says which
     */
    public FmfTests filter(Predicate<FmfTest> wanted) {
        return new FmfTests(tree, plan, sources, tests.stream().filter(wanted).toList(), warnings);
    }

    @Override
    public FmfTest get(int index) {
        return tests.get(index);
    }

    @Override
    public int size() {
        return tests.size();
    }
}

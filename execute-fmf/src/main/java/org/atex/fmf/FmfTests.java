package org.atex.fmf;

import java.nio.file.Path;
import java.util.AbstractList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The tests that a discovery chose, in the order of their names, with the tree and the plan that they come from: a list,
 * to be mapped and filtered with plain Java before it is run. Immutable.
 */
public final class FmfTests extends AbstractList<FmfTest> {
    private final Path tree;
    private final FmfPlan plan;
    private final List<FmfTest> tests;

    FmfTests(Path tree, FmfPlan plan, List<FmfTest> tests) {
        this.tree = tree;
        this.plan = plan;
        this.tests = List.copyOf(tests);
    }

    /**
     * {@return a discovery of the tests of a tree}
     *
     * @param path a directory of the tree
     */
    public static FmfDiscovery in(Path path) {
        return new FmfDiscovery(path);
    }

    /** {@return the root of the tree, which systems get a copy of} */
    public Path tree() {
        return tree;
    }

    /** {@return the plan that chose them} */
    public FmfPlan plan() {
        return plan;
    }

    /**
     * {@return these tests, each changed}
     *
     * @param change what to do with each
     */
    public FmfTests map(UnaryOperator<FmfTest> change) {
        return new FmfTests(tree, plan, tests.stream().map(change).toList());
    }

    /**
     * {@return those of the tests that are wanted}
     *
     * @param wanted says which
     */
    public FmfTests filter(Predicate<FmfTest> wanted) {
        return new FmfTests(tree, plan, tests.stream().filter(wanted).toList());
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

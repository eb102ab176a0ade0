package org.atex.fmf;

import java.nio.file.Path;
import java.util.AbstractList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.atex.api.Need;
import org.atex.api.PlainTest;

/**
 * The tests that a discovery selected, in the order in which they run, with their trees and plan. This is an
 * unmodifiable list that can be filtered and mapped before it is run. Immutable and thread-safe.
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
     * {@return a discovery of the tests of a local tree}
     *
     * @param path a directory of the tree
     */
    public static FmfDiscovery from(Path path) {
        return from(new FmfId(null, null, path.toAbsolutePath().toString(), "/"));
    }

    /**
     * {@return a discovery of the tests of a local or remote tree}
     *
     * @param tree the location of the tree; the name of its node is ignored
     */
    public static FmfDiscovery from(FmfId tree) {
        return new FmfDiscovery(tree);
    }

    /** {@return the root of the tree that has the plan, or of the only tree if there is no plan} */
    public Path tree() {
        return tree;
    }

    /** {@return the directories that are copied to systems: trees, then libraries; unmodifiable} */
    public List<FmfSource> sources() {
        return sources;
    }

    /** {@return the plan that selected the tests} */
    public FmfPlan plan() {
        return plan;
    }

    /**
     * {@return probable mistakes in the metadata of the plan and of the discovered tests: misspelled keys, which are
     * ignored} Each has file and line and the key that was probably meant. Unmodifiable.
     */
    public List<String> warnings() {
        return warnings;
    }

    /**
     * Changes each test.
     *
     * @param change returns the changed copy of a test
     * @return the changed tests, in the same order
     */
    public FmfTests map(UnaryOperator<FmfTest> change) {
        return new FmfTests(tree, plan, sources, tests.stream().map(change).toList(), warnings);
    }

    /**
     * Adds the requirements of the plan's {@code provision} to the needs of each test: {@code hardware} with {@code
     * arch}, {@code memory}, {@code cpu.processors}, {@code virtualization.is-supported} and {@code and}. Systems meet
     * them by labels of {@link org.atex.api.Capability}.
     *
     * @return the changed tests, in the same order
     * @throws org.atex.fmf.tree.FmfException if the plan has several systems, or a requirement that no label expresses
     */
    public FmfTests withHardwareNeeds() {
        Set<Need> needs = HardwareNeeds.of(plan);
        return map(test -> test.withPlan(properties -> {
            PlainTest changed = properties;
            for (Need need : needs) {
                changed = changed.withNeed(need);
            }
            return changed;
        }));
    }

    /**
     * Selects tests. The result may be empty.
     *
     * @param condition returns true for tests to keep
     * @return the selected tests, in the same order
     */
    public FmfTests filter(Predicate<FmfTest> condition) {
        return new FmfTests(
                tree, plan, sources, tests.stream().filter(condition).toList(), warnings);
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

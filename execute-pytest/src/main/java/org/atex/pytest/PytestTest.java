package org.atex.pytest;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestLock;
import org.atex.api.TestSource;

/**
 * A test that runs pytest on a file of a {@link PytestProject}, or on a part of it. Immutable; each {@code with} method
 * returns a changed copy.
 *
 * @param plan the properties of the test for the scheduler
 * @param target the part of the project to run: a file or a node id of pytest, such as {@code
 *     tests/test_disk.py::TestSize::test_full[ext4]}, relative to the directory of the project
 * @param options further options of pytest for this test, after those of {@link PytestOptions}
 */
public record PytestTest(PlainTest plan, String target, List<String> options) implements TestCase {
    /**
     * Copies the options.
     *
     * @throws IllegalArgumentException if the target is blank, or an option is one that the executor needs itself
     */
    public PytestTest {
        if (target.isBlank()) {
            throw new IllegalArgumentException("a pytest test needs a target: a test file or a node id");
        }
        options = PytestOptions.checked(options);
    }

    /**
     * {@return a test with default properties, which has its target as the name}
     *
     * @param target a file or a node id of pytest, relative to the directory of the project
     */
    public static PytestTest of(String target) {
        String file = target.split("::", 2)[0];
        return new PytestTest(
                TestCase.named(target).withSource(file.isBlank() ? null : TestSource.of(file)), target, List.of());
    }

    @Override
    public String name() {
        return plan.name();
    }

    /** {@return the properties of the test for the scheduler} */
    @Override
    public PlainTest wrapped() {
        return plan;
    }

    /**
     * {@return this test with other properties for the scheduler}
     *
     * @param change makes the new properties from the present ones, for example {@code plan -> plan.withGroup("net")}
     */
    public PytestTest withPlan(UnaryOperator<PlainTest> change) {
        return new PytestTest(change.apply(plan), target, options);
    }

    /**
     * {@return this test with another priority}
     *
     * @param value the priority; tests with a higher one start earlier, other than with pytest_mproc
     */
    public PytestTest withPriority(int value) {
        return withPlan(test -> test.withPriority(value));
    }

    /**
     * {@return this test with an additional lock}
     *
     * @param lock a lock that the test holds while it runs
     */
    public PytestTest withLock(TestLock lock) {
        return withPlan(test -> test.withLock(lock));
    }

    /**
     * {@return this test with a time limit}
     *
     * @param duration the maximum duration of pytest, after which it is ended
     */
    public PytestTest withLimit(Duration duration) {
        return withPlan(test -> test.withLimit(duration));
    }

    /**
     * {@return this test with further options of pytest}
     *
     * @param more the options, for example {@code "-k", "not slow"}
     * @throws IllegalArgumentException if an option is one that the executor needs itself
     */
    public PytestTest withOptions(String... more) {
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of(more));
        return new PytestTest(plan, target, all);
    }
}

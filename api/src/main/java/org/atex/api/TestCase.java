package org.atex.api;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A test as a scheduler sees it: data without behaviour. Each executor has its own type of test, which implements this
 * interface and adds the properties that the executor needs to run it.
 *
 * {@snippet :
 * TestCase test = TestCase.named("/smoke/boot").withPriority(1).withLimit(Duration.ofMinutes(5));
 * }
 *
 * <p>Thread safety: implementations must be immutable.
 */
public interface TestCase {
    /** {@return the name of this test, unique within a run} */
    String name();

    /** {@return the priority; tests with a higher number start earlier; 0 by default} */
    default int priority() {
        TestCase inner = wrapped();
        return inner == null ? 0 : inner.priority();
    }

    /** {@return the locks that this test holds while it runs, in addition to {@link TestLock#EVERYTHING} shared} */
    default Set<TestLock> locks() {
        TestCase inner = wrapped();
        return inner == null ? Set.of() : inner.locks();
    }

    /** {@return the requirements for its system, all of which must be met} */
    default Set<Need> needs() {
        TestCase inner = wrapped();
        return inner == null ? Set.of() : inner.needs();
    }

    /** {@return the tests of the run after which this test runs} */
    default Set<After> after() {
        TestCase inner = wrapped();
        return inner == null ? Set.of() : inner.after();
    }

    /** {@return the names of the fixtures that this test uses, see {@link Fixture}} */
    default Set<String> fixtures() {
        TestCase inner = wrapped();
        return inner == null ? Set.of() : inner.fixtures();
    }

    /** {@return the expected duration, or null if it is not known} */
    default @Nullable Duration expected() {
        TestCase inner = wrapped();
        return inner == null ? null : inner.expected();
    }

    /** {@return the time after which this test is ended, or null for no limit} */
    default @Nullable Duration limit() {
        TestCase inner = wrapped();
        return inner == null ? null : inner.limit();
    }

    /** {@return whether its system must not run another test afterwards} */
    default boolean destructive() {
        TestCase inner = wrapped();
        return inner != null && inner.destructive();
    }

    /** {@return words for the selection of tests} */
    default Set<String> tags() {
        TestCase inner = wrapped();
        return inner == null ? Set.of() : inner.tags();
    }

    /** {@return the parts of the product that this test covers, for reports} */
    default Set<String> components() {
        TestCase inner = wrapped();
        return inner == null ? Set.of() : inner.components();
    }

    /**
     * {@return the name of the group to which this test belongs; null if it belongs to none} An orchestrator may give
     * rules for groups; reports show the name.
     */
    default @Nullable String group() {
        TestCase inner = wrapped();
        return inner == null ? null : inner.group();
    }

    /** {@return the file that defines this test, or null if it is not known} */
    default @Nullable TestSource source() {
        TestCase inner = wrapped();
        return inner == null ? null : inner.source();
    }

    /**
     * {@return the test that this test wraps, or null if it wraps none}
     *
     * <p>A program may wrap a test of an executor in a class of its own, to change or extend the properties that the
     * scheduler reads: by default each property except the name is that of the wrapped test. Executors find their own
     * type of test by {@link #unwrap}.
     */
    default @Nullable TestCase wrapped() {
        return null;
    }

    /**
     * {@return the first test of the given type among this test, the test that it wraps, and so on; empty if there is
     * none}
     *
     * @param type the type
     * @param <T> the type
     */
    default <T extends TestCase> Optional<T> unwrap(Class<T> type) {
        TestCase test = this;
        // Bounded, because a test that wraps itself would make this loop endless.
        for (int i = 0; i < 100 && test != null; i++) {
            if (type.isInstance(test)) {
                return Optional.of(type.cast(test));
            }
            test = test.wrapped();
        }
        return Optional.empty();
    }

    /**
     * {@return a plain test with this name, to which {@code with…} methods add properties}
     *
     * @param name the name, unique within a run
     * @throws IllegalArgumentException if the name is empty
     */
    static PlainTest named(String name) {
        return PlainTest.named(name);
    }
}

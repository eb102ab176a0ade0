package org.atex.api;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A test, as far as a scheduler may know it: data, no behaviour. What there is to run is the executor's business; its
 * tests implement this.
 *
 * <p>Implementations are immutable, and so thread-safe.
 */
public interface TestCase {
    /** {@return what it is called; unique within a run} */
    String name();

    /** {@return which tests go first: higher ones sooner; 0 unless it says otherwise} */
    default int priority() {
        return 0;
    }

    /** {@return what it holds while it runs, besides {@link TestLock#EVERYTHING} shared} */
    default Set<TestLock> locks() {
        return Set.of();
    }

    /** {@return what it needs of its system} */
    default Set<Need> needs() {
        return Set.of();
    }

    /** {@return how long it is expected to take, or null if nobody knows} */
    default @Nullable Duration expected() {
        return null;
    }

    /** {@return how long it may take before it is ended, or null for ever} */
    default @Nullable Duration limit() {
        return null;
    }

    /** {@return whether its system must not run another test after it} */
    default boolean destructive() {
        return false;
    }

    /** {@return words by which people choose it} */
    default Set<String> tags() {
        return Set.of();
    }

    /** {@return where it is written, or null if nothing says so} */
    default @Nullable TestSource source() {
        return null;
    }

    /**
     * {@return the test that this one wraps, or null if it wraps none}
     *
     * <p>A program may wrap a test of an executor in a class of its own, to change what the scheduler reads or to add to it.
     * Executors find their own kind of test by {@link #unwrap}.
     */
    default @Nullable TestCase wrapped() {
        return null;
    }

    /**
     * {@return this test if it is of that type, else the outermost of the tests that it wraps that is; empty if none is}
     *
     * @param type the type
     * @param <T> the type
     */
    default <T extends TestCase> Optional<T> unwrap(Class<T> type) {
        TestCase test = this;
        // Bounded: a test that wraps itself must not keep an executor for ever.
        for (int i = 0; i < 100 && test != null; i++) {
            if (type.isInstance(test)) {
                return Optional.of(type.cast(test));
            }
            test = test.wrapped();
        }
        return Optional.empty();
    }

    /**
     * {@return a plain test of that name, to be described further}
     *
     * @param name what it is called
     */
    static PlainTest named(String name) {
        return PlainTest.named(name);
    }
}

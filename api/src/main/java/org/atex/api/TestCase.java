package org.atex.api;

import java.time.Duration;
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

    /** {@return what it holds while it runs, besides {@link Lock#EVERYTHING} shared} */
    default Set<Lock> locks() {
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
     * {@return a plain test of that name, to be described further}
     *
     * @param name what it is called
     */
    static PlainTest named(String name) {
        return new PlainTest(name, 0, Set.of(), Set.of(), null, null, false, Set.of(), null);
    }
}

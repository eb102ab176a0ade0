package org.atex.api;

import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A test that is nothing but what a scheduler may know; see {@link TestCase#named}. Immutable: each {@code with…} method
 * gives a changed copy.
 *
 * @param name what it is called
 * @param priority which tests go first
 * @param locks what it holds while it runs
 * @param needs what it needs of its system
 * @param expected how long it is expected to take, or null
 * @param limit how long it may take, or null
 * @param destructive whether its system must not run another test after it
 * @param tags words by which people choose it
 * @param source where it is written, or null
 */
public record PlainTest(
        String name,
        int priority,
        Set<Lock> locks,
        Set<Need> needs,
        @Nullable Duration expected,
        @Nullable Duration limit,
        boolean destructive,
        Set<String> tags,
        @Nullable TestSource source)
        implements TestCase {
    /** Checks the name, and copies the sets. */
    public PlainTest {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("a test needs a name");
        }
        locks = Set.copyOf(locks);
        needs = Set.copyOf(needs);
        tags = Set.copyOf(tags);
    }

    /**
     * {@return this test with another priority}
     *
     * @param value higher goes sooner
     */
    public PlainTest withPriority(int value) {
        return new PlainTest(name, value, locks, needs, expected, limit, destructive, tags, source);
    }

    /**
     * {@return this test with one more lock}
     *
     * @param lock what it holds while it runs
     */
    public PlainTest withLock(Lock lock) {
        return new PlainTest(name, priority, plus(locks, lock), needs, expected, limit, destructive, tags, source);
    }

    /**
     * {@return this test with one more need}
     *
     * @param need what it needs of its system
     */
    public PlainTest withNeed(Need need) {
        return new PlainTest(name, priority, locks, plus(needs, need), expected, limit, destructive, tags, source);
    }

    /**
     * {@return this test with an expected duration}
     *
     * @param duration how long it is expected to take
     */
    public PlainTest withExpected(Duration duration) {
        return new PlainTest(name, priority, locks, needs, duration, limit, destructive, tags, source);
    }

    /**
     * {@return this test with a time limit}
     *
     * @param duration how long it may take
     */
    public PlainTest withLimit(Duration duration) {
        return new PlainTest(name, priority, locks, needs, expected, duration, destructive, tags, source);
    }

    /** {@return this test, after which its system must not run another} */
    public PlainTest withDestruction() {
        return new PlainTest(name, priority, locks, needs, expected, limit, true, tags, source);
    }

    /**
     * {@return this test with one more tag}
     *
     * @param tag a word by which people choose it
     */
    public PlainTest withTag(String tag) {
        return new PlainTest(name, priority, locks, needs, expected, limit, destructive, plus(tags, tag), source);
    }

    /**
     * {@return this test with the place where it is written}
     *
     * @param place a file, and a line if it is known; null if nothing says so
     */
    public PlainTest withSource(@Nullable TestSource place) {
        return new PlainTest(name, priority, locks, needs, expected, limit, destructive, tags, place);
    }

    private static <T> Set<T> plus(Set<T> set, T more) {
        return Stream.concat(set.stream(), Stream.of(more)).collect(Collectors.toUnmodifiableSet());
    }
}

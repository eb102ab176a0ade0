package org.atex.api;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A test that consists of the properties that a scheduler reads; see {@link TestCase#named}. Tests that can be run keep one
 * of these beside their own properties, so that all kinds of tests are scheduled alike.
 *
 * <p>Immutable: each {@code with…} method returns a changed copy. Two tests are equal if all their properties are.
 */
public final class PlainTest implements TestCase {
    private final String name;
    private final int priority;
    private final Set<TestLock> locks;
    private final Set<Need> needs;
    private final @Nullable Duration expected;
    private final @Nullable Duration limit;
    private final boolean destructive;
    private final Set<String> tags;
    private final @Nullable TestSource source;

    private PlainTest(Draft draft) {
        if (draft.name.isEmpty()) {
            throw new IllegalArgumentException("a test needs a name");
        }
        name = draft.name;
        priority = draft.priority;
        locks = Set.copyOf(draft.locks);
        needs = Set.copyOf(draft.needs);
        expected = draft.expected;
        limit = draft.limit;
        destructive = draft.destructive;
        tags = Set.copyOf(draft.tags);
        source = draft.source;
    }

    /**
     * {@return a test of that name, without any other property}
     *
     * @param name the name; unique within a run
     * @throws IllegalArgumentException if the name is empty
     */
    static PlainTest named(String name) {
        return new PlainTest(new Draft(name));
    }

    /**
     * {@return a copy of the properties of any test}
     *
     * @param test the test; each of its methods is called once
     * @throws IllegalArgumentException if its name is empty
     * @throws NullPointerException if it returns null where that is not allowed
     */
    public static PlainTest copyOf(TestCase test) {
        return test instanceof PlainTest plain ? plain : new PlainTest(new Draft(test));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int priority() {
        return priority;
    }

    @Override
    public Set<TestLock> locks() {
        return locks;
    }

    @Override
    public Set<Need> needs() {
        return needs;
    }

    @Override
    public @Nullable Duration expected() {
        return expected;
    }

    @Override
    public @Nullable Duration limit() {
        return limit;
    }

    @Override
    public boolean destructive() {
        return destructive;
    }

    @Override
    public Set<String> tags() {
        return tags;
    }

    @Override
    public @Nullable TestSource source() {
        return source;
    }

    /**
     * {@return this test with another name}
     *
     * @param value the name; unique within a run
     * @throws IllegalArgumentException if the name is empty
     */
    public PlainTest withName(String value) {
        return with(draft -> draft.name = value);
    }

    /**
     * {@return this test with another priority}
     *
     * @param value tests with a higher number start sooner
     */
    public PlainTest withPriority(int value) {
        return with(draft -> draft.priority = value);
    }

    /**
     * {@return this test with one more lock}
     *
     * @param lock the lock that it holds while it runs
     */
    public PlainTest withLock(TestLock lock) {
        return with(draft -> draft.locks = plus(locks, lock));
    }

    /**
     * {@return this test with one more need}
     *
     * @param need what it needs of its system
     */
    public PlainTest withNeed(Need need) {
        return with(draft -> draft.needs = plus(needs, need));
    }

    /**
     * {@return this test with an expected duration}
     *
     * @param duration the time that it is expected to take, or null if that is not known
     */
    public PlainTest withExpected(@Nullable Duration duration) {
        return with(draft -> draft.expected = duration);
    }

    /**
     * {@return this test with a time limit}
     *
     * @param duration the time after which it is ended, or null for no limit
     */
    public PlainTest withLimit(@Nullable Duration duration) {
        return with(draft -> draft.limit = duration);
    }

    /**
     * {@return this test, marked as destructive or not}
     *
     * @param value whether its system must not run another test after it
     */
    public PlainTest withDestructive(boolean value) {
        return with(draft -> draft.destructive = value);
    }

    /**
     * {@return this test with one more tag}
     *
     * @param tag a word by which people choose it
     */
    public PlainTest withTag(String tag) {
        return with(draft -> draft.tags = plus(tags, tag));
    }

    /**
     * {@return this test with other tags}
     *
     * @param value all of its tags
     */
    public PlainTest withTags(Set<String> value) {
        return with(draft -> draft.tags = value);
    }

    /**
     * {@return this test with the place where it is written}
     *
     * @param place a file, and a line if it is known; null if neither is known
     */
    public PlainTest withSource(@Nullable TestSource place) {
        return with(draft -> draft.source = place);
    }

    private PlainTest with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return new PlainTest(draft);
    }

    private static <T> Set<T> plus(Set<T> set, T more) {
        return Stream.concat(set.stream(), Stream.of(more)).collect(Collectors.toUnmodifiableSet());
    }

    private List<@Nullable Object> properties() {
        return Arrays.asList(name, priority, locks, needs, expected, limit, destructive, tags, source);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PlainTest test && properties().equals(test.properties());
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }

    /** The properties of a test before they are checked and copied. */
    private static final class Draft {
        private String name;
        private int priority;
        private Set<TestLock> locks = Set.of();
        private Set<Need> needs = Set.of();
        private @Nullable Duration expected;
        private @Nullable Duration limit;
        private boolean destructive;
        private Set<String> tags = Set.of();
        private @Nullable TestSource source;

        private Draft(String name) {
            this.name = Objects.requireNonNull(name, "the name of a test");
        }

        private Draft(TestCase test) {
            this(test.name());
            priority = test.priority();
            locks = test.locks();
            needs = test.needs();
            expected = test.expected();
            limit = test.limit();
            destructive = test.destructive();
            tags = test.tags();
            source = test.source();
        }
    }
}

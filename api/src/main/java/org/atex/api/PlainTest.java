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
 * A test that has only the properties that a scheduler reads; see {@link TestCase#named}. Executable kinds of tests
 * keep a {@code PlainTest} beside their own properties, so that a scheduler treats all kinds alike. Records and events
 * contain it, too.
 *
 * {@snippet :
 * PlainTest test = TestCase.named("/database/backup")
 *         .withPriority(10)
 *         .withLock(TestLock.exclusive("database"))
 *         .withNeed(Need.of("arch", "x86_64"))
 *         .withLimit(Duration.ofMinutes(20))
 *         .withTag("slow");
 * }
 *
 * <p>Thread safety: this class is immutable; each {@code with…} method returns a changed copy. Two tests are equal if
 * all their properties are equal.
 */
public final class PlainTest implements TestCase {
    private final String name;
    private final int priority;
    private final Set<TestLock> locks;
    private final Set<Need> needs;
    private final Set<After> after;
    private final Set<String> fixtures;
    private final @Nullable Duration expected;
    private final @Nullable Duration limit;
    private final boolean destructive;
    private final Set<String> tags;
    private final Set<String> components;
    private final @Nullable String group;
    private final @Nullable TestSource source;

    private PlainTest(Draft draft) {
        if (draft.name.isEmpty()) {
            throw new IllegalArgumentException("a test needs a name, but the name is empty");
        }
        name = draft.name;
        priority = draft.priority;
        locks = Set.copyOf(draft.locks);
        needs = Set.copyOf(draft.needs);
        after = Set.copyOf(draft.after);
        fixtures = Set.copyOf(draft.fixtures);
        expected = draft.expected;
        limit = draft.limit;
        destructive = draft.destructive;
        tags = Set.copyOf(draft.tags);
        components = Set.copyOf(draft.components);
        group = draft.group;
        source = draft.source;
    }

    /**
     * {@return a test with this name and no other property}
     *
     * @param name the name, unique within a run
     * @throws IllegalArgumentException if the name is empty
     */
    static PlainTest named(String name) {
        return new PlainTest(new Draft(name));
    }

    /**
     * {@return a copy of the properties of a test of any type}
     *
     * @param test the test; each of its methods is called at most once
     * @throws IllegalArgumentException if its name is empty
     * @throws NullPointerException if a method of the test returns null where null is not allowed
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
    public Set<After> after() {
        return after;
    }

    @Override
    public Set<String> fixtures() {
        return fixtures;
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
    public Set<String> components() {
        return components;
    }

    @Override
    public @Nullable String group() {
        return group;
    }

    @Override
    public @Nullable TestSource source() {
        return source;
    }

    /**
     * {@return a copy of this test with another name}
     *
     * @param value the name, unique within a run
     * @throws IllegalArgumentException if the name is empty
     */
    public PlainTest withName(String value) {
        return with(draft -> draft.name = value);
    }

    /**
     * {@return a copy of this test with another priority}
     *
     * @param value the priority; tests with a higher number start earlier
     */
    public PlainTest withPriority(int value) {
        return with(draft -> draft.priority = value);
    }

    /**
     * {@return a copy of this test with one more lock}
     *
     * @param lock a lock that the test holds while it runs
     */
    public PlainTest withLock(TestLock lock) {
        return with(draft -> draft.locks = plus(locks, lock));
    }

    /**
     * {@return a copy of this test with one more need}
     *
     * @param need a requirement for its system
     */
    public PlainTest withNeed(Need need) {
        return with(draft -> draft.needs = plus(needs, need));
    }

    /**
     * {@return a copy of this test that runs after one more test}
     *
     * @param other the test that must have ended, or passed
     */
    public PlainTest withAfter(After other) {
        return with(draft -> draft.after = plus(after, other));
    }

    /**
     * {@return a copy of this test that uses one more fixture}
     *
     * @param fixture the name of a {@link Fixture} of the run
     */
    public PlainTest withFixture(String fixture) {
        return with(draft -> draft.fixtures = plus(fixtures, fixture));
    }

    /**
     * {@return a copy of this test with another expected duration}
     *
     * @param duration the expected duration, or null if it is not known
     */
    public PlainTest withExpected(@Nullable Duration duration) {
        return with(draft -> draft.expected = duration);
    }

    /**
     * {@return a copy of this test with another time limit}
     *
     * @param duration the time after which the test is ended, or null for no limit
     */
    public PlainTest withLimit(@Nullable Duration duration) {
        return with(draft -> draft.limit = duration);
    }

    /**
     * {@return a copy of this test, marked as destructive or not}
     *
     * @param value whether its system must not run another test afterwards
     */
    public PlainTest withDestructive(boolean value) {
        return with(draft -> draft.destructive = value);
    }

    /**
     * {@return a copy of this test with one more tag}
     *
     * @param tag a word for the selection of tests
     */
    public PlainTest withTag(String tag) {
        return with(draft -> draft.tags = plus(tags, tag));
    }

    /**
     * {@return a copy of this test with these tags instead of its own}
     *
     * @param value the tags
     */
    public PlainTest withTags(Set<String> value) {
        return with(draft -> draft.tags = value);
    }

    /**
     * {@return a copy of this test with these components instead of its own}
     *
     * @param value the parts of the product that the test covers
     */
    public PlainTest withComponents(Set<String> value) {
        return with(draft -> draft.components = value);
    }

    /**
     * {@return a copy of this test with another group}
     *
     * @param name the name of the group, or null for none
     */
    public PlainTest withGroup(@Nullable String name) {
        return with(draft -> draft.group = name);
    }

    /**
     * {@return a copy of this test with another source}
     *
     * @param place the file that defines the test, and the line if it is known; null if the file is not known
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
        return Arrays.asList(
                name,
                priority,
                locks,
                needs,
                after,
                fixtures,
                expected,
                limit,
                destructive,
                tags,
                components,
                group,
                source);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || other instanceof PlainTest test && properties().equals(test.properties());
    }

    @Override
    public int hashCode() {
        // The name is unique within a run, and cheaper to hash than all properties.
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }

    /** The mutable properties of a test before the constructor checks and copies them. */
    private static final class Draft {
        private String name;
        private int priority;
        private Set<TestLock> locks = Set.of();
        private Set<Need> needs = Set.of();
        private Set<After> after = Set.of();
        private Set<String> fixtures = Set.of();
        private @Nullable Duration expected;
        private @Nullable Duration limit;
        private boolean destructive;
        private Set<String> tags = Set.of();
        private Set<String> components = Set.of();
        private @Nullable String group;
        private @Nullable TestSource source;

        private Draft(String name) {
            this.name = Objects.requireNonNull(name, "the name of a test");
        }

        private Draft(TestCase test) {
            this(test.name());
            priority = test.priority();
            locks = test.locks();
            needs = test.needs();
            after = test.after();
            fixtures = test.fixtures();
            expected = test.expected();
            limit = test.limit();
            destructive = test.destructive();
            tags = test.tags();
            components = test.components();
            group = test.group();
            source = test.source();
        }
    }
}

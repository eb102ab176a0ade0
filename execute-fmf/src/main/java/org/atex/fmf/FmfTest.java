package org.atex.fmf;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.atex.api.Need;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestLock;
import org.atex.api.TestSource;
import org.atex.fmf.control.TimeLimit;
import org.atex.fmf.tree.FmfNode;
import org.jspecify.annotations.Nullable;

/**
 * A test that fmf metadata describe. {@link FmfTests} discovers them.
 *
 * <p>What a scheduler reads is a {@link #plan} as any test has one. It comes from the metadata: {@code duration} is the limit;
 * {@code extra-priority}, {@code extra-locks}, {@code extra-locks-shared}, {@code extra-needs} and {@code extra-expected} are
 * the rest; the tag {@code destructive} says that the system must not run another test after it. The program may change all
 * of it, {@link #withPlan}.
 *
 * <p>Immutable: each {@code with…} method returns a changed copy that still has all of its metadata. Two tests are equal if
 * all their properties are.
 */
public final class FmfTest implements TestCase {
    private static final Duration DEFAULT_DURATION = Duration.ofMinutes(5);
    private static final String DESTRUCTIVE = "destructive";

    private final PlainTest plan;
    private final String command;
    private final String directory;
    private final Map<String, String> environment;
    private final List<String> requires;
    private final List<String> recommends;
    private final boolean tty;
    private final Map<String, @Nullable Object> metadata;

    private FmfTest(Draft draft) {
        plan = draft.plan.limit() == null ? draft.plan.withLimit(DEFAULT_DURATION) : draft.plan;
        command = draft.command;
        directory = draft.directory;
        environment = Collections.unmodifiableMap(new LinkedHashMap<>(draft.environment));
        requires = List.copyOf(draft.requires);
        recommends = List.copyOf(draft.recommends);
        tty = draft.tty;
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(draft.metadata));
    }

    /**
     * Reads a test.
     *
     * @param node a node with a {@code test} key
     * @param name the name of the test
     * @param directory where it runs, relative to where trees are on systems
     * @param needs what it requires
     */
    static FmfTest of(FmfNode node, String name, String directory, Libraries.Needs needs) {
        if (node.data().get("test") == null) {
            throw node.unexpected("test", "a script");
        }
        Draft draft = new Draft(plan(node, name), node.text("test", ""), directory);
        draft.environment = node.textMap("environment");
        draft.requires = TestKeys.of(node).withOwn(needs.requires());
        draft.recommends = List.copyOf(needs.recommends());
        draft.tty = node.bool("tty", false);
        draft.metadata = node.data();
        return new FmfTest(draft);
    }

    private static PlainTest plan(FmfNode node, String name) {
        PlainTest plan = TestCase.named(name)
                .withLimit(duration(node, "duration"))
                .withExpected(duration(node, "extra-expected"))
                .withPriority(
                        node.integer("extra-priority").map(Math::toIntExact).orElse(0))
                .withTags(Set.copyOf(node.textList("tag")))
                .withDestructive(node.textList("tag").contains(DESTRUCTIVE));
        List<String> exclusive = node.textList("extra-locks");
        for (String lock : exclusive) {
            plan = plan.withLock(TestLock.exclusive(lock));
        }
        for (String lock : node.textList("extra-locks-shared")) {
            if (exclusive.contains(lock)) {
                throw node.unexpected(
                        "extra-locks-shared", "locks that are not among extra-locks, and " + lock + " is");
            }
            plan = plan.withLock(TestLock.shared(lock));
        }
        for (Map.Entry<String, @Nullable Object> need : node.map("extra-needs").entrySet()) {
            plan = plan.withNeed(new Need(need.getKey(), values(node, need.getValue())));
        }
        return plan;
    }

    private static @Nullable Duration duration(FmfNode node, String key) {
        Object written = node.data().get(key);
        if (written == null) {
            return null;
        }
        String text = written instanceof Number ? written.toString() : node.text(key, "");
        Duration duration = TimeLimit.parse(text, DEFAULT_DURATION);
        if (duration == null) {
            throw node.unexpected(key, "a time such as 90, 15m, 1h 30m or 5m *2");
        }
        return duration;
    }

    /** The values of a label that will do. Numbers and truth values are compared as text, as labels are text. */
    private static Set<String> values(FmfNode node, @Nullable Object written) {
        List<String> values = new ArrayList<>();
        for (Object value : written instanceof List<?> list ? list : Arrays.asList(written)) {
            if (!(value instanceof String || value instanceof Number || value instanceof Boolean)) {
                throw node.unexpected(
                        "extra-needs", "labels, each with a value or a list of values, such as arch: x86_64");
            }
            values.add(value.toString());
        }
        return Set.copyOf(values);
    }

    /** {@return the properties that a scheduler reads} */
    public PlainTest plan() {
        return plan;
    }

    /** {@return the shell text of its {@code test} key} */
    public String command() {
        return command;
    }

    /** {@return the directory that it runs in, relative to the tree on the system; empty for the root of the tree} */
    public String directory() {
        return directory;
    }

    /** {@return its variables} */
    public Map<String, String> environment() {
        return environment;
    }

    /** {@return the packages that must be installed for it and for its libraries} */
    public List<String> requires() {
        return requires;
    }

    /** {@return the packages that are installed for it if they can be} */
    public List<String> recommends() {
        return recommends;
    }

    /** {@return whether it gets a terminal} */
    public boolean tty() {
        return tty;
    }

    /** {@return all keys that the tree has for it, with their values} */
    public Map<String, @Nullable Object> metadata() {
        return metadata;
    }

    @Override
    public String name() {
        return plan.name();
    }

    @Override
    public int priority() {
        return plan.priority();
    }

    @Override
    public Set<TestLock> locks() {
        return plan.locks();
    }

    @Override
    public Set<Need> needs() {
        return plan.needs();
    }

    @Override
    public @Nullable Duration expected() {
        return plan.expected();
    }

    @Override
    public Duration limit() {
        return Objects.requireNonNull(plan.limit());
    }

    @Override
    public boolean destructive() {
        return plan.destructive();
    }

    @Override
    public Set<String> tags() {
        return plan.tags();
    }

    /** {@return where the tree describes it, relative to the root of the tree, or null if that is not known} */
    @Override
    public @Nullable TestSource source() {
        return plan.source();
    }

    /**
     * {@return this test with other properties for the scheduler}
     *
     * @param change makes the new properties from those of now, such as {@code plan -> plan.withLock(TestLock.exclusive("db"))};
     *     without a limit, the test gets the five minutes that fmf tests have by default
     */
    public FmfTest withPlan(UnaryOperator<PlainTest> change) {
        return with(draft -> draft.plan = change.apply(plan));
    }

    /**
     * {@return this test with another name}
     *
     * @param value the name; unique within a run
     */
    public FmfTest withName(String value) {
        return withPlan(now -> now.withName(value));
    }

    /**
     * {@return this test with another time limit}
     *
     * @param value the time after which it is ended
     */
    public FmfTest withLimit(Duration value) {
        return withPlan(now -> now.withLimit(value));
    }

    /**
     * {@return this test with another priority}
     *
     * @param value tests with a higher number start sooner
     */
    public FmfTest withPriority(int value) {
        return withPlan(now -> now.withPriority(value));
    }

    /**
     * {@return this test with other tags; it is destructive if {@code destructive} is among them, and only then}
     *
     * @param value all of its tags
     */
    public FmfTest withTags(Set<String> value) {
        return withPlan(now -> now.withTags(value).withDestructive(value.contains(DESTRUCTIVE)));
    }

    /**
     * {@return this test with another place where it is described}
     *
     * @param value a file, and a line if it is known; null if neither is known
     */
    public FmfTest withSource(@Nullable TestSource value) {
        return withPlan(now -> now.withSource(value));
    }

    /**
     * {@return this test with another command}
     *
     * @param value shell text
     */
    public FmfTest withCommand(String value) {
        return with(draft -> draft.command = value);
    }

    /**
     * {@return this test with more variables; they replace those of the same name}
     *
     * @param more the variables
     */
    public FmfTest withEnvironment(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(environment);
        all.putAll(more);
        return with(draft -> draft.environment = all);
    }

    /**
     * {@return this test with other required packages}
     *
     * @param value all packages that must be installed for it
     */
    public FmfTest withRequires(List<String> value) {
        return with(draft -> draft.requires = value);
    }

    /**
     * {@return this test with other recommended packages}
     *
     * @param value all packages that are installed for it if they can be
     */
    public FmfTest withRecommends(List<String> value) {
        return with(draft -> draft.recommends = value);
    }

    /**
     * {@return this test with other metadata}
     *
     * <p>The executor reads the keys that have no property of their own from here, such as {@code result} and {@code check}.
     *
     * @param value all keys with their values
     */
    public FmfTest withMetadata(Map<String, @Nullable Object> value) {
        return with(draft -> draft.metadata = value);
    }

    private FmfTest with(Consumer<Draft> change) {
        Draft draft = new Draft(plan, command, directory);
        draft.environment = environment;
        draft.requires = requires;
        draft.recommends = recommends;
        draft.tty = tty;
        draft.metadata = metadata;
        change.accept(draft);
        return new FmfTest(draft);
    }

    private List<Object> properties() {
        return List.of(plan, command, directory, environment, requires, recommends, tty, metadata);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FmfTest test && properties().equals(test.properties());
    }

    @Override
    public int hashCode() {
        return plan.hashCode();
    }

    @Override
    public String toString() {
        return name();
    }

    /** The properties of a test before they are checked and copied. */
    private static final class Draft {
        private PlainTest plan;
        private String command;
        private final String directory;
        private Map<String, String> environment = Map.of();
        private List<String> requires = List.of();
        private List<String> recommends = List.of();
        private boolean tty;
        private Map<String, @Nullable Object> metadata = Map.of();

        private Draft(PlainTest plan, String command, String directory) {
            this.plan = plan;
            this.command = command;
            this.directory = directory;
        }
    }
}

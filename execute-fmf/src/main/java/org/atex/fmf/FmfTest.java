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
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.atex.api.After;
import org.atex.api.Need;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestLock;
import org.atex.api.TestSource;
import org.atex.fmf.control.TimeLimit;
import org.atex.fmf.tree.FmfNode;
import org.jspecify.annotations.Nullable;

/**
 * A test that is described by fmf metadata. {@link FmfTests} discovers them.
 *
 * <p>The properties for the scheduler are a {@link #plan}, as any test has one. They come from the metadata:
 * {@code duration} is the limit; {@code extra-priority}, {@code extra-locks}, {@code extra-locks-shared},
 * {@code extra-locks-on-system}, {@code extra-locks-on-system-shared},
 * {@code extra-needs}, {@code extra-after}, {@code extra-after-pass}, {@code extra-fixtures}, {@code extra-group} and {@code extra-expected} are
 * the others; after a test with the tag {@code destructive}, the
 * system does not run another test. The program can change all of them by {@link #withPlan}.
 *
 * <p>Immutable and thread-safe: each {@code with…} method returns a changed copy that keeps all metadata. Two tests are
 * equal if all their properties are equal.
 */
public final class FmfTest implements TestCase {
    private static final Duration DEFAULT_DURATION = Duration.ofMinutes(5);
    private static final String DESTRUCTIVE = "destructive";
    private static final String MINIMUM = ">=";

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
     * Reads a test from its metadata.
     *
     * @param node a node with a {@code test} key
     * @param name the name of the test
     * @param directory the working directory, relative to the directory of trees on systems
     * @param needs the packages of the test and of its libraries
     * @throws org.atex.fmf.tree.FmfException if a value is invalid; the message has file and line
     */
    static FmfTest of(FmfNode node, String name, String directory, Libraries.Needs needs) {
        if (node.data().get("test") == null) {
            throw node.unexpected("test", "a script");
        }
        Draft draft = new Draft(plan(node, name), node.text("test", ""), directory);
        draft.environment = node.textMap("environment");
        draft.requires = TestKeys.of(node).withFrameworkPackages(needs.requires());
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
                .withComponents(Set.copyOf(node.textList("component")))
                .withGroup(node.data().get("extra-group") == null ? null : node.text("extra-group", ""))
                .withDestructive(node.textList("tag").contains(DESTRUCTIVE));
        for (TestLock lock : locks(node, "extra-locks", TestLock::exclusive, TestLock::shared)) {
            plan = plan.withLock(lock);
        }
        for (TestLock lock :
                locks(node, "extra-locks-on-system", TestLock::exclusiveOnSystem, TestLock::sharedOnSystem)) {
            plan = plan.withLock(lock);
        }
        for (String other : node.textList("extra-after")) {
            plan = plan.withAfter(After.endOf(other));
        }
        for (String other : node.textList("extra-after-pass")) {
            plan = plan.withAfter(After.passOf(other));
        }
        for (String fixture : node.textList("extra-fixtures")) {
            plan = plan.withFixture(fixture);
        }
        for (Map.Entry<String, @Nullable Object> need : node.map("extra-needs").entrySet()) {
            plan = plan.withNeed(need(node, need.getKey(), need.getValue()));
        }
        return plan;
    }

    /** {@return the locks of a key, and the shared ones of the key with the suffix {@code -shared}} */
    private static List<TestLock> locks(
            FmfNode node, String key, Function<String, TestLock> exclusive, Function<String, TestLock> shared) {
        List<String> names = node.textList(key);
        List<String> sharedNames = node.textList(key + "-shared");
        for (String name : sharedNames) {
            if (names.contains(name)) {
                throw node.unexpected(key + "-shared", "locks that are not in " + key + ", but " + name + " is");
            }
        }
        return Stream.concat(names.stream().map(exclusive), sharedNames.stream().map(shared))
                .toList();
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

    private static Need need(FmfNode node, String label, @Nullable Object written) {
        if (written instanceof String text && text.startsWith(MINIMUM)) {
            try {
                return Need.atLeast(label, text.substring(MINIMUM.length()).strip());
            } catch (IllegalArgumentException e) {
                throw node.unexpected("extra-needs", "after >= a number, a version, or a size such as 4 GiB");
            }
        }
        return Need.of(label, acceptedValues(node, written).toArray(String[]::new));
    }

    /** {@return the accepted values of a label} Numbers and booleans are compared as text, as labels are text. */
    private static Set<String> acceptedValues(FmfNode node, @Nullable Object written) {
        List<String> values = new ArrayList<>();
        for (Object value : written instanceof List<?> list ? list : Arrays.asList(written)) {
            if (!(value instanceof String || value instanceof Number || value instanceof Boolean)) {
                throw node.unexpected(
                        "extra-needs", "labels, each with a value or a list of values, such as arch: x86_64");
            }
            values.add(value.toString());
            if (value instanceof Boolean is) {
                values.add(is ? "yes" : "no");
            }
        }
        return Set.copyOf(values);
    }

    /** {@return the properties for the scheduler} */
    public PlainTest plan() {
        return plan;
    }

    /** {@return the shell script of the {@code test} key} */
    public String command() {
        return command;
    }

    /** {@return the working directory, relative to the tree on the system; empty for the root of the tree} */
    public String directory() {
        return directory;
    }

    /** {@return the environment variables of the test; unmodifiable} */
    public Map<String, String> environment() {
        return environment;
    }

    /** {@return the packages that must be installed for the test and for its libraries; unmodifiable} */
    public List<String> requires() {
        return requires;
    }

    /** {@return the packages that are installed if they are available; unmodifiable} */
    public List<String> recommends() {
        return recommends;
    }

    /** {@return whether the test gets a terminal} */
    public boolean tty() {
        return tty;
    }

    /** {@return all metadata keys with their values; unmodifiable} */
    public Map<String, @Nullable Object> metadata() {
        return metadata;
    }

    @Override
    public String name() {
        return plan.name();
    }

    /** {@return the properties that a scheduler reads} */
    @Override
    public PlainTest wrapped() {
        return plan;
    }

    @Override
    public Duration limit() {
        return Objects.requireNonNull(plan.limit());
    }

    /** {@return the file and line that describe the test, relative to the root of its tree, or null if unknown} */
    @Override
    public @Nullable TestSource source() {
        return plan.source();
    }

    /**
     * Changes the properties for the scheduler.
     *
     * @param change returns new properties for the current ones, as
     *     {@code plan -> plan.withLock(TestLock.exclusive("db"))} does. Without a limit, the test gets the default one
     *     of five minutes
     * @return a changed copy
     */
    public FmfTest withPlan(UnaryOperator<PlainTest> change) {
        return with(draft -> draft.plan = change.apply(plan));
    }

    /**
     * Changes the name.
     *
     * @param value the name, unique within a run
     * @return a changed copy
     */
    public FmfTest withName(String value) {
        return withPlan(now -> now.withName(value));
    }

    /**
     * Changes the time limit.
     *
     * @param value the time after which the test is ended
     * @return a changed copy
     */
    public FmfTest withLimit(Duration value) {
        return withPlan(now -> now.withLimit(value));
    }

    /**
     * Changes the priority.
     *
     * @param value the priority; tests with a higher one start sooner
     * @return a changed copy
     */
    public FmfTest withPriority(int value) {
        return withPlan(now -> now.withPriority(value));
    }

    /**
     * Changes the tags. The test is destructive if {@code destructive} is among them, and only then.
     *
     * @param value all tags
     * @return a changed copy
     */
    public FmfTest withTags(Set<String> value) {
        return withPlan(now -> now.withTags(value).withDestructive(value.contains(DESTRUCTIVE)));
    }

    /**
     * Changes the source location.
     *
     * @param value the file and, if known, the line; null if unknown
     * @return a changed copy
     */
    public FmfTest withSource(@Nullable TestSource value) {
        return withPlan(now -> now.withSource(value));
    }

    /**
     * Changes the command.
     *
     * @param value a shell script
     * @return a changed copy
     */
    public FmfTest withCommand(String value) {
        return with(draft -> draft.command = value);
    }

    /**
     * Adds environment variables. They replace variables with the same name.
     *
     * @param more the variables
     * @return a changed copy
     */
    public FmfTest withEnvironment(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(environment);
        all.putAll(more);
        return with(draft -> draft.environment = all);
    }

    /**
     * Changes the required packages.
     *
     * @param value all packages that must be installed
     * @return a changed copy
     */
    public FmfTest withRequires(List<String> value) {
        return with(draft -> draft.requires = value);
    }

    /**
     * Changes the recommended packages.
     *
     * @param value all packages that are installed if they are available
     * @return a changed copy
     */
    public FmfTest withRecommends(List<String> value) {
        return with(draft -> draft.recommends = value);
    }

    /**
     * Changes the metadata. The executor reads keys without a property from here, such as {@code result} and
     * {@code check}.
     *
     * @param value all keys with their values
     * @return a changed copy
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

    /** The properties of a test, before the constructor copies them. */
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

package org.atex.fmf;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.TestCase;
import org.atex.api.TestSource;
import org.atex.fmf.control.TimeLimit;
import org.atex.fmf.tree.FmfNode;
import org.jspecify.annotations.Nullable;

/**
 * A test as fmf metadata describe it. Immutable: each {@code with…} method gives a changed copy that still has all of its
 * metadata.
 *
 * @param name what it is called in this run
 * @param command the shell text of its {@code test} key
 * @param directory where it runs, relative to where the tree is on systems; empty for its root itself
 * @param environment its variables
 * @param requires the packages that must be installed for it and for its libraries
 * @param recommends packages that are nice to have
 * @param limit how long it may take; its {@code duration}
 * @param priority which tests go first; its {@code extra-priority}
 * @param tty whether it gets a terminal
 * @param tags its tags; one called {@code destructive} says that its system must not run another test after it
 * @param metadata everything that the tree says of it
 * @param source where the tree describes it, relative to the tree's root, or null
 */
public record FmfTest(
        String name,
        String command,
        String directory,
        Map<String, String> environment,
        List<String> requires,
        List<String> recommends,
        Duration limit,
        int priority,
        boolean tty,
        Set<String> tags,
        Map<String, @Nullable Object> metadata,
        @Nullable TestSource source)
        implements TestCase {
    private static final Duration DEFAULT_DURATION = Duration.ofMinutes(5);

    /** Checks the name, and copies the collections. */
    public FmfTest {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("a test needs a name");
        }
        environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        requires = List.copyOf(requires);
        recommends = List.copyOf(recommends);
        tags = Set.copyOf(tags);
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /**
     * Makes a test of which nothing says where it is described.
     *
     * @param name what it is called in this run
     * @param command the shell text of its {@code test} key
     * @param directory where it runs, relative to where the tree is on systems; empty for its root itself
     * @param environment its variables
     * @param requires the packages that must be installed for it and for its libraries
     * @param recommends packages that are nice to have
     * @param limit how long it may take; its {@code duration}
     * @param priority which tests go first; its {@code extra-priority}
     * @param tty whether it gets a terminal
     * @param tags its tags
     * @param metadata everything that the tree says of it
     */
    public FmfTest(
            String name,
            String command,
            String directory,
            Map<String, String> environment,
            List<String> requires,
            List<String> recommends,
            Duration limit,
            int priority,
            boolean tty,
            Set<String> tags,
            Map<String, @Nullable Object> metadata) {
        this(name, command, directory, environment, requires, recommends, limit, priority, tty, tags, metadata, null);
    }

    /**
     * Reads a test.
     *
     * @param node a node with a {@code test} key
     * @param name what it is called
     * @param directory where it runs, relative to where trees are on systems
     * @param needs what it requires
     */
    static FmfTest of(FmfNode node, String name, String directory, Libraries.Needs needs) {
        if (node.data().get("test") == null) {
            throw node.unexpected("test", "a script");
        }
        TestKeys keys = TestKeys.of(node);
        return new FmfTest(
                name,
                node.text("test", ""),
                directory,
                node.textMap("environment"),
                keys.withOwn(needs.requires()),
                List.copyOf(needs.recommends()),
                limit(node),
                node.integer("extra-priority").map(Math::toIntExact).orElse(0),
                node.bool("tty", false),
                Set.copyOf(node.textList("tag")),
                node.data(),
                null);
    }

    private static Duration limit(FmfNode node) {
        Object written = node.data().get("duration");
        if (written == null) {
            return DEFAULT_DURATION;
        }
        String text = written instanceof Number ? written.toString() : node.text("duration", "");
        Duration limit = TimeLimit.parse(text, DEFAULT_DURATION);
        if (limit == null) {
            throw node.unexpected("duration", "a time such as 90, 15m, 1h 30m or 5m *2");
        }
        return limit;
    }

    @Override
    public boolean destructive() {
        return tags.contains("destructive");
    }

    /**
     * {@return this test under another name}
     *
     * @param value what it is called
     */
    public FmfTest withName(String value) {
        return new FmfTest(
                value,
                command,
                directory,
                environment,
                requires,
                recommends,
                limit,
                priority,
                tty,
                tags,
                metadata,
                source);
    }

    /**
     * {@return this test with another time limit}
     *
     * @param value how long it may take
     */
    public FmfTest withLimit(Duration value) {
        return new FmfTest(
                name,
                command,
                directory,
                environment,
                requires,
                recommends,
                value,
                priority,
                tty,
                tags,
                metadata,
                source);
    }

    /**
     * {@return this test with another priority}
     *
     * @param value higher goes sooner
     */
    public FmfTest withPriority(int value) {
        return new FmfTest(
                name, command, directory, environment, requires, recommends, limit, value, tty, tags, metadata, source);
    }

    /**
     * {@return this test with more variables; they replace those of the same name}
     *
     * @param more the variables
     */
    public FmfTest withEnvironment(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(environment);
        all.putAll(more);
        return new FmfTest(
                name, command, directory, all, requires, recommends, limit, priority, tty, tags, metadata, source);
    }

    /**
     * {@return this test with other tags}
     *
     * @param value all of its tags
     */
    public FmfTest withTags(Set<String> value) {
        return new FmfTest(
                name,
                command,
                directory,
                environment,
                requires,
                recommends,
                limit,
                priority,
                tty,
                value,
                metadata,
                source);
    }

    /**
     * {@return this test with another place where it is described}
     *
     * @param value a file, and a line if it is known; null if nothing says so
     */
    public FmfTest withSource(@Nullable TestSource value) {
        return new FmfTest(
                name,
                command,
                directory,
                environment,
                requires,
                recommends,
                limit,
                priority,
                tty,
                tags,
                metadata,
                value);
    }

    @Override
    public String toString() {
        return name;
    }
}

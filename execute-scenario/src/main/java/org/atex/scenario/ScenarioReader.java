package org.atex.scenario;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.atex.api.TestSource;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * Reads scenarios from the JSON descriptions of pytest-orchestration.
 *
 * {@snippet :
 * Scenario soak = ScenarioReader.of(Map.of(
 *                 "start_playback", occurrence -> player.play(occurrence.parameter("video_path", String.class)),
 *                 "collect_system_report", Action.command(Command.of("sosreport", "--batch"))))
 *         .read(Path.of("orchestration/descriptions"), "my_orchestration_test");
 * }
 *
 * <p>{@code docs/scenarios.md} lists the keys. An event of a description runs the action of its name. If a description has
 * several events of the same name, the second one becomes {@code name-2}, and so on. Comments are allowed.
 *
 * <p>Methods that read throw {@link ScenarioFormatException} for a file that is not valid, and
 * {@link UncheckedIOException} for one that cannot be read.
 *
 * <p>Thread safety: immutable; each {@code with…} method returns a changed copy.
 */
public final class ScenarioReader {
    private final Map<String, Action> actions;
    private final Set<String> fixtures;
    private final @Nullable Duration duration;

    private ScenarioReader(Map<String, Action> actions, Set<String> fixtures, @Nullable Duration duration) {
        this.actions = Map.copyOf(actions);
        this.fixtures = Set.copyOf(fixtures);
        this.duration = duration;
    }

    /**
     * {@return a reader}
     *
     * @param actions the actions of events, by the name of the event in descriptions
     */
    public static ScenarioReader of(Map<String, Action> actions) {
        return new ScenarioReader(actions, Set.of(), null);
    }

    /**
     * {@return a reader that accepts one more name in {@code unref_setup_fixtures}} The program itself does what this
     * fixture does in pytest, for example in a hook that prepares systems. A description with other names is refused.
     *
     * @param name the name of the fixture
     */
    public ScenarioReader withFixture(String name) {
        Set<String> more = new HashSet<>(fixtures);
        more.add(name);
        return new ScenarioReader(actions, more, duration);
    }

    /**
     * {@return a reader that replaces the duration of descriptions}
     *
     * @param value the duration of all scenarios
     * @throws IllegalArgumentException if it is not positive
     */
    public ScenarioReader withDuration(Duration value) {
        return new ScenarioReader(actions, fixtures, Arguments.positive(value, "the duration of scenarios"));
    }

    /**
     * {@return the scenario in a file}
     *
     * @param file the file
     */
    public Scenario read(Path file) {
        return scenario(description(file), String.valueOf(file.getFileName()));
    }

    /**
     * {@return the scenario of a directory that has this {@code test_name}} All files with the extension {@code .json} in
     * the directory and below must be JSON with different names; only the description of this name is checked further.
     *
     * @param directory the directory
     * @param testName the name
     * @throws IllegalArgumentException if there is no description of this name
     */
    public Scenario read(Path directory, String testName) {
        Map<String, Description> all = descriptions(directory);
        Description found = all.get(testName);
        if (found == null) {
            throw new IllegalArgumentException("could not find a description with the test_name " + testName + " in "
                    + directory + ", only " + all.keySet());
        }
        return scenario(directory, found);
    }

    /**
     * {@return all scenarios of a directory, in the order of their names} These are the files with the extension
     * {@code .json} in the directory and below.
     *
     * @param directory the directory
     */
    public List<Scenario> readAll(Path directory) {
        return descriptions(directory).values().stream()
                .map(description -> scenario(directory, description))
                .toList();
    }

    private Scenario scenario(Path directory, Description description) {
        String file = directory.relativize(description.file()).toString();
        return scenario(description, file.replace(directory.getFileSystem().getSeparator(), "/"));
    }

    private Scenario scenario(Description description, String file) {
        return description
                .scenario(actions, fixtures, duration)
                .withPlan(plan -> plan.withSource(new TestSource(file, description.line())));
    }

    private static Description description(Path file) {
        try {
            return Description.read(file);
        } catch (IOException e) {
            throw new UncheckedIOException("could not read the scenario in " + file + ": " + e, e);
        }
    }

    private static Map<String, Description> descriptions(Path directory) {
        List<Path> files;
        try (Stream<Path> below = Files.walk(directory)) {
            files = below.filter(file -> file.toString().endsWith(".json") && Files.isRegularFile(file))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "could not list the descriptions of scenarios in " + directory + ": " + e, e);
        }
        Map<String, Description> all = new TreeMap<>();
        for (Path file : files) {
            Description description = description(file);
            Description other = all.put(description.testName(), description);
            if (other != null) {
                throw description.wrongName("the file " + other.file() + " has the same test_name "
                        + description.testName() + ", but a scenario is chosen by it");
            }
        }
        return Collections.unmodifiableMap(all);
    }
}

package org.atex.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import org.atex.api.Outcome;
import org.atex.api.TestSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(180)
class ScenarioReaderTest {
    private static final Action NOTHING = occurrence -> {};
    private static final ScenarioReader READER = ScenarioReader.of(
            Map.of("start_playback", NOTHING, "start_streamer", NOTHING, "collect_system_report", NOTHING));

    /** A description with all keys, and comments as in the documentation of the format. */
    private static final String COMPLETE = """
            {
              "test_name": "soak",                         // the name of the test
              "total_hours": 3,
              "unref_setup_fixtures": ["device"],
              "events": [                                  /* the events */
                {
                  "name": "start_playback",
                  "interval_sec": 300,
                  "at_startup": true,
                  "at_teardown": false,
                  "params": {"video_path": "/clip.mp4", "list": [1, 2.5, null, {"a": true}], "big": 5000000000}
                },
                {"name": "start_streamer", "at_startup": true},
                {"name": "collect_system_report", "at_startup": false, "at_teardown": true},
                {"name": "start_playback", "interval_min": 0.5, "at_startup": false},
                {"name": "start_playback", "interval_hour": 1}
              ]
            }
            """;

    @TempDir
    Path here;

    private Path write(String name, String json) throws IOException {
        Path file = here.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, json);
    }

    private ScenarioFormatException refused(String json) throws IOException {
        Path file = write("broken.json", json);
        ScenarioFormatException e = catchThrowableOfType(ScenarioFormatException.class, () -> READER.read(file));
        assertThat(e).as("an exception for %s", json).isNotNull();
        assertThat(e.file()).isEqualTo(file);
        assertThat(e)
                .hasMessageContaining("%s, line %d, column %d", file, e.line(), e.column())
                .hasMessageContaining(e.key());
        return e;
    }

    @Test
    void completeDescriptionIsRead() throws Exception {
        Scenario scenario = READER.withFixture("device").read(write("soak.json", COMPLETE));

        assertThat(scenario.name()).isEqualTo("soak");
        assertThat(scenario.duration()).isEqualTo(Duration.ofHours(3));
        assertThat(scenario.source()).isEqualTo(new TestSource("soak.json", 2));
        assertThat(scenario.events())
                .extracting(Event::name)
                .containsExactly(
                        "start_playback",
                        "start_streamer",
                        "collect_system_report",
                        "start_playback-2",
                        "start_playback-3");
        assertThat(scenario.events())
                .extracting(Event::interval)
                .containsExactly(Duration.ofMinutes(5), null, null, Duration.ofSeconds(30), Duration.ofHours(1));
        assertThat(scenario.events()).extracting(Event::runsAtStart).containsExactly(true, true, false, false, true);
        assertThat(scenario.events()).extracting(Event::runsAtEnd).containsExactly(false, false, true, false, false);
        Map<String, Object> nested = Map.of("a", true);
        List<Object> list = new ArrayList<>(List.of(1, 2.5));
        list.add(null);
        list.add(nested);
        assertThat(scenario.events().getFirst().parameters())
                .containsEntry("video_path", "/clip.mp4")
                .containsEntry("list", list)
                .containsEntry("big", 5_000_000_000L);
    }

    @Test
    void durationOfTheReaderReplacesThatOfTheDescription() throws Exception {
        Path file = write("soak.json", COMPLETE);
        ScenarioReader reader = READER.withFixture("device");
        assertThat(reader.withDuration(Duration.ofMinutes(10)).read(file).duration())
                .isEqualTo(Duration.ofMinutes(10));
        assertThatThrownBy(() -> reader.withDuration(Duration.ofSeconds(10)).read(file))
                .hasMessageContaining("never run")
                .hasMessageContaining("events[3]")
                .hasMessageContaining("30s");
    }

    @Test
    void parametersReachTheAction() throws Exception {
        LinkedBlockingQueue<Object> seen = new LinkedBlockingQueue<>();
        Path file = write("x.json", """
                {"test_name": "x", "total_hours": 0.00002, "events": [
                  {"name": "play", "params": {"path": "/clip", "times": 3}},
                  {"name": "play", "params": {"path": 7}}]}
                """);
        Scenario scenario = ScenarioReader.of(Map.of("play", occurrence -> {
                    seen.add(occurrence.parameter("path", String.class));
                    seen.add(occurrence.parameter("times", Number.class));
                }))
                .read(file);
        assertThat(scenario.duration()).isEqualTo(Duration.ofMillis(72));
        Attempt attempt = Attempt.local(scenario, here);
        assertThat(seen).containsExactly("/clip", 3);
        assertThat(attempt.end().outcome()).isEqualTo(Outcome.FAILED);
        assertThat(attempt.part("play-2#0").note()).contains("play-2", "'path'", "String", "Integer");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"test_name": "x", "total_hours": 1, "event": []}                                   | 38 | event                 | known keys are
            {"test_name": "x", "total_hours": 1, "events": [{"name": "start_streamer", "in": 1}]} | 76 | events[0].in        | interval_sec
            {"total_hours": 1, "events": []}                                                    |  1 | test_name             | missing
            {"test_name": "x", "events": []}                                                    |  1 | total_hours           | missing
            {"test_name": "x", "total_hours": 1}                                                |  1 | events                | missing
            {"test_name": "x", "total_hours": 1, "events": []}                                  | 48 | events                | empty
            {"test_name": "x", "total_hours": 1, "events": [{}]}                                | 49 | events[0].name        | missing
            {"test_name": 7, "total_hours": 1, "events": []}                                    | 15 | test_name             | must be a string, not a number
            {"test_name": " ", "total_hours": 1, "events": []}                                  | 15 | test_name             | blank
            {"test_name": "x", "total_hours": "3", "events": []}                                | 35 | total_hours           | must be a number, not a string
            {"test_name": "x", "total_hours": true, "events": []}                               | 35 | total_hours           | not a boolean
            {"test_name": "x", "total_hours": null, "events": []}                               | 35 | total_hours           | not null
            {"test_name": "x", "total_hours": -1, "events": []}                                 | 35 | total_hours           | positive, not -1
            {"test_name": "x", "total_hours": 0, "events": []}                                  | 35 | total_hours           | positive
            {"test_name": "x", "total_hours": 1e-20, "events": []}                              | 35 | total_hours           | positive
            {"test_name": "x", "total_hours": 1e30, "events": []}                               | 35 | total_hours           | 36500 days
            {"test_name": "x", "total_hours": 1e400, "events": []}                              | 35 | total_hours           | 36500 days
            {"test_name": "x", "total_hours": 1, "events": {}}                                  | 48 | events                | must be a list, not an object
            {"test_name": "x", "total_hours": 1, "events": ["a"]}                               | 49 | events[0]             | must be an object, not a string
            {"test_name": "x", "total_hours": 1, "events": [{"name": "other"}]}                 | 58 | events[0].name        | [collect_system_report, start_playback, start_streamer]
            {"test_name": "x", "total_hours": 1, "events": [{"name": "start_streamer", "interval_sec": -3}]} | 92 | events[0].interval_sec | not -3
            {"test_name": "x", "total_hours": 1, "events": [{"name": "start_streamer", "interval_min": 0}]} | 92 | events[0].interval_min | leave the key out
            {"test_name": "x", "total_hours": 1, "events": [{"name": "start_streamer", "interval_sec": 1, "interval_hour": 1}]} | 95 | events[0].interval_hour | has interval_sec already
            {"test_name": "x", "total_hours": 1, "events": [{"name": "start_streamer", "at_startup": 1}]} | 90 | events[0].at_startup | true or false
            {"test_name": "x", "total_hours": 1, "events": [{"name": "start_streamer", "at_startup": false}]} | 49 | events[0]  | would never run
            {"test_name": "x", "total_hours": 1, "events": [{"name": "start_streamer", "at_startup": false, "interval_hour": 2}]} | 49 | events[0] | would never run
            {"test_name": "x", "total_hours": 1, "events": [{"name": "start_streamer", "params": []}]} | 86 | events[0].params | must be an object, not a list
            {"test_name": "x", "total_hours": 1, "unref_setup_fixtures": "a", "events": []}     | 62 | unref_setup_fixtures  | must be a list
            {"test_name": "x", "total_hours": 1, "unref_setup_fixtures": ["db"], "events": []}  | 63 | unref_setup_fixtures[0] | withFixture
            {"test_name": "x", "test_name": "y"}                                                | 31 |                       | Duplicate
            [1]                                                                                 |  1 |                       | must be an object, not a list
            {"test_name": "x"                                                                   | 18 |                       | not valid JSON
            {"test_name": 'x'}                                                                  | 15 |                       | not valid JSON
            {"test_name": "x"} {}                                                               | 20 |                       | more data
            """)
    void wrongDescriptionsAreRefusedAtTheirPlace(String json, int column, String key, String reason) throws Exception {
        ScenarioFormatException e = refused(json);
        assertThat(e.key()).isEqualTo(key == null ? "" : key);
        assertThat(e).hasMessageContaining(reason);
        assertThat(e.line()).isEqualTo(1);
        assertThat(e.column()).as("%s", e.getMessage()).isEqualTo(column);
    }

    @Test
    void linesAreCounted() throws Exception {
        ScenarioFormatException e = refused(COMPLETE.replace("300", "-1").replace("[\"device\"]", "[]"));
        assertThat(e.line()).isEqualTo(8);
        assertThat(refused("{\n").getMessage())
                .contains("not valid JSON", "end-of-input")
                .doesNotContain("Source");
        assertThat(refused("").getMessage()).contains("empty");
        assertThat(refused("[".repeat(2000)).getMessage()).contains("not valid JSON");
        assertThat(refused("\"" + "x".repeat(2_000_000) + "\"").getMessage()).contains("bytes");
    }

    @Test
    void scenariosAreChosenByTheirNames() throws Exception {
        write("first.json", COMPLETE.replace("\"soak\"", "\"a\""));
        // Not valid for this program, which has no action for the event.
        write("sub/second.json", """
                {"test_name": "b", "total_hours": 1, "events": [{"name": "unknown"}]}""");
        write("sub/third.json", """

                {"test_name": "c", "total_hours": 1, "events": [{"name": "start_streamer"}]}""");
        write("notes.txt", "no JSON");
        assertThat(READER.read(here, "c").source()).isEqualTo(new TestSource("sub/third.json", 2));
        assertThatThrownBy(() -> READER.read(here, "first"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("first")
                .hasMessageContaining("[a, b, c]");
        assertThatThrownBy(() -> READER.readAll(here)).hasMessageContaining("device");
        Files.delete(here.resolve("sub/second.json"));
        assertThat(READER.withFixture("device").readAll(here))
                .extracting(Scenario::name)
                .containsExactly("a", "c");
    }

    @Test
    void duplicateNamesAndBrokenFilesOfADirectoryAreRefused() throws Exception {
        Path first = write("first.json", COMPLETE);
        Path second = write("second.json", COMPLETE);
        assertThatThrownBy(() -> READER.read(here, "soak"))
                .isInstanceOf(ScenarioFormatException.class)
                .hasMessageContaining(first.toString())
                .hasMessageContaining(second + ", line 2")
                .hasMessageContaining("soak");
        Files.writeString(second, "{");
        assertThatThrownBy(() -> READER.read(here, "soak")).hasMessageContaining(second + ", line 1");
    }

    @Test
    void missingFilesAreReported() {
        assertThatThrownBy(() -> READER.read(here.resolve("none.json")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("none.json");
        assertThatThrownBy(() -> READER.readAll(here.resolve("none")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("none");
    }
}

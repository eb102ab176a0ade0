package org.atex.artifacts;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.atex.api.PlainTest;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalReaderTest {
    private static final int TESTS = 6;

    @TempDir
    private Path directory;

    @Test
    void damagedJournalsAreReadAsEachOfTheirLinesIs() throws IOException {
        byte[] journal = journal();
        for (int seed = 0; seed < 2_000; seed++) {
            assertReadAsItsLines(damage(journal, new Random(seed)));
        }
    }

    @Test
    void journalsWithAMovedEndOfLineAreReadAsEachOfTheirLinesIs() throws IOException {
        String journal = new String(journal(), UTF_8);
        for (int end = journal.indexOf('\n'); end >= 0; end = journal.indexOf('\n', end + 1)) {
            String joined = journal.substring(0, end) + journal.substring(end + 1);
            int nextEnd = joined.indexOf('\n', end);
            for (int at = joined.lastIndexOf('\n', end) + 1; at < nextEnd; at++) {
                // A new line between two tokens is valid JSON.
                if ("{}:,".indexOf(joined.charAt(at)) >= 0) {
                    assertReadAsItsLines((joined.substring(0, at) + "\n" + joined.substring(at)).getBytes(UTF_8));
                }
            }
        }
    }

    private void assertReadAsItsLines(byte[] journal) throws IOException {
        Path file = Files.write(directory.resolve("damaged"), journal);
        List<String> problems = new ArrayList<>();
        List<String> problemsOfLines = new ArrayList<>();
        JournalReader reader = new JournalReader(false, problems);
        JournalReader byLines = new JournalReader(false, problemsOfLines);
        reader.read(file);
        byLines.readByLines(file, 0);
        assertThat(describe(reader))
                .as(() -> "what is read of this journal:\n" + new String(journal, UTF_8))
                .isEqualTo(describe(byLines));
        assertThat(problems)
                .as(() -> "the problems of this journal:\n" + new String(journal, UTF_8))
                .isEqualTo(problemsOfLines);
    }

    @Test
    void linesOfOtherSystemsAndEmptyLinesAreNoDamage() throws IOException {
        String journal = new String(journal(), UTF_8);
        JournalReader reader = reader(journal);
        assertThat(describe(reader(journal.replace("\n", "\r\n")))).isEqualTo(describe(reader));
        assertThat(describe(reader("\n\n" + journal.replace("\n", "\n\n\n")))).isEqualTo(describe(reader));
    }

    private JournalReader reader(String journal) throws IOException {
        List<String> problems = new ArrayList<>();
        JournalReader reader = new JournalReader(false, problems);
        reader.read(Files.writeString(directory.resolve("text"), journal));
        assertThat(problems).isEmpty();
        return reader;
    }

    private static List<String> describe(JournalReader reader) {
        List<String> lines = new ArrayList<>();
        lines.add(reader.head() + " " + reader.isEnded());
        reader.planned().forEach(test -> lines.add(test + " " + test.tags() + " " + test.limit()));
        for (JournalReader.Entry entry : reader.attempts()) {
            String record;
            try {
                TestRecord read = entry.record();
                record = read + " " + read.end() + " " + read.started() + " " + read.took();
            } catch (RuntimeException e) {
                record = e.toString();
            }
            lines.add(entry.number() + " " + entry.state() + " " + entry.storedBy() + " " + entry.hasArtifacts() + " "
                    + record);
        }
        return lines;
    }

    private byte[] journal() throws IOException {
        List<PlainTest> tests = new ArrayList<>();
        for (int i = 0; i < TESTS; i++) {
            tests.add(TestCase.named("/test/ä-" + i).withTags(Set.of("a", "b")).withLimit(Duration.ofMinutes(i + 1)));
        }
        try (Spool spool = Spool.keep(directory, "1", "default", List.of("x", "y"), tests, false)) {
            for (int i = 0; i < TESTS; i++) {
                SpooledAttempt attempt = spool.next();
                TestRecord started = TestRecord.of("default", tests.get(i), SpooledAttempt.KILLED)
                        .withTimes(Instant.parse("2026-11-28T23:59:59.5Z").plusSeconds(i), Duration.ZERO)
                        .withSystem(SystemInfo.named("system-" + i % 2), 1);
                attempt.write(SpooledAttempt.State.RUNNING, started);
                TestRecord ended = TestRecord.of("default", tests.get(i), TestEnd.exited(i % 2))
                        .withTimes(started.started(), Duration.ofMillis(i))
                        .withSystem(started.system(), 1);
                attempt.write(SpooledAttempt.State.ENDED, ended);
                if (i % 3 == 0) {
                    attempt.stored(ended);
                }
            }
        }
        return Files.readAllBytes(directory.resolve("run-1").resolve(Spool.JOURNAL));
    }

    /** Changes, removes or adds a few bytes, mostly those that end lines and objects. */
    private static byte[] damage(byte[] journal, Random random) {
        byte[] other = "\n\n\r{}\",x\0".getBytes(UTF_8);
        byte[] bytes = journal;
        for (int i = 0; i <= random.nextInt(3); i++) {
            int at = random.nextInt(bytes.length);
            if (random.nextBoolean()) {
                for (int step = 0; step < 300 && bytes[at] != '\n'; step++) {
                    at = (at + 1) % bytes.length;
                }
            }
            ByteArrayOutputStream changed = new ByteArrayOutputStream();
            changed.write(bytes, 0, at);
            if (random.nextInt(3) > 0) {
                changed.write(other[random.nextInt(other.length)]);
            }
            int from = at + random.nextInt(random.nextInt(10) == 0 ? 200 : 3);
            if (from < bytes.length) {
                changed.write(bytes, from, bytes.length - from);
            }
            bytes = changed.toByteArray();
        }
        return bytes;
    }
}

package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.PlainTest;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/** Writes several kept runs as one. Not thread-safe. */
final class RunMerge {
    private static final String NOT_STARTED = "its program was killed before the test started";

    private record Key(String platform, String test) {
        static Key of(TestRecord record) {
            return new Key(record.platform(), record.name());
        }
    }

    private final List<PastRun> parts;
    /** The last part that attempted each test. */
    private final Map<Key, PastRun> lastAttempted = new HashMap<>();

    /** The last part with a record of each test. */
    private final Map<Key, PastRun> lastRecorded = new HashMap<>();

    private final Map<Key, Integer> attempts = new HashMap<>();
    private long number;

    RunMerge(List<PastRun> parts) {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("could not merge runs: there is none");
        }
        this.parts =
                parts.stream().sorted(Comparator.comparing(PastRun::started)).toList();
        for (PastRun part : this.parts) {
            for (TestRecord record : part.attempts()) {
                lastRecorded.put(Key.of(record), part);
                if (record.attempt() > 0) {
                    lastAttempted.put(Key.of(record), part);
                }
            }
        }
    }

    /** {@return the directory of the new run, which appears when it is complete} */
    Path write(Path runs) throws IOException {
        String id = UUID.randomUUID().toString();
        return NewRun.write(runs, id, directory -> {
            try (Journal journal = Journal.open(directory.resolve(Spool.JOURNAL), head(id))) {
                writePlan(journal);
                for (PastRun part : parts) {
                    write(part, journal, directory.resolve(Spool.FILES));
                }
                journal.append(Map.of("ended", end()));
            }
        });
    }

    private Map<String, @Nullable Object> head(String id) {
        Map<String, @Nullable Object> head = Spool.head(id, List.of());
        head.put("started", parts.get(0).started().toString());
        head.put(
                Spool.PLATFORM, parts.stream().map(PastRun::platform).distinct().collect(Collectors.joining(", ")));
        head.put(Spool.KEEPS_FILES, true);
        head.put("merged", parts.stream().map(PastRun::id).toList());
        return head;
    }

    private String end() {
        return parts.stream()
                .flatMap(part -> part.attempts().stream())
                .map(record -> record.started().plus(record.took()))
                .max(Comparator.naturalOrder())
                .orElse(parts.get(0).started())
                .toString();
    }

    private void writePlan(Journal journal) throws IOException {
        Map<String, PlainTest> planned = new LinkedHashMap<>();
        parts.forEach(part -> part.tests().forEach(test -> planned.putIfAbsent(test.name(), test)));
        journal.plan(planned.values());
    }

    private void write(PastRun part, Journal journal, Path files) throws IOException {
        for (String problem : part.problems()) {
            journal.append(Map.of("problem", problem));
        }
        Map<Key, Integer> before = Map.copyOf(attempts);
        part.forEachAttempt((record, artifacts) -> {
            Key key = Key.of(record);
            if (record.attempt() > 0) {
                write(record, before.getOrDefault(key, 0), part, artifacts, journal, files);
            } else if (lastAttempted.get(key) == null && part.equals(lastRecorded.get(key))) {
                journal.appendNotStarted(record);
            }
        });
        writeUnrecorded(part, journal);
    }

    private void write(TestRecord record, int before, PastRun part, Artifacts artifacts, Journal journal, Path files)
            throws IOException {
        Key key = Key.of(record);
        boolean isLast = record.last() && part.equals(lastAttempted.get(key));
        TestRecord renumbered = record.withAttempt(before + record.attempt(), isLast);
        if (before > 0 && record.cause() == AttemptCause.FIRST) {
            renumbered = renumbered.withCause(AttemptCause.RERUN);
        }
        attempts.merge(key, renumbered.attempt(), Math::max);
        number++;
        if (!artifacts.isNone()) {
            LinkedCopy.link(artifacts, Files.createDirectories(files).resolve(Long.toString(number)));
        }
        AttemptLine line = new AttemptLine(
                number, SpooledAttempt.State.STORED, !artifacts.isNone(), Set.of(), journal.fields(renumbered));
        journal.append(line, null);
    }

    /** Writes the tests of a killed program that have no record, as other parts may be of other platforms. */
    private void writeUnrecorded(PastRun part, Journal journal) throws IOException {
        Set<String> recorded =
                part.attempts().stream().map(TestRecord::name).collect(Collectors.toCollection(LinkedHashSet::new));
        for (PlainTest test : part.tests()) {
            Key key = new Key(part.platform(), test.name());
            if (!recorded.contains(test.name()) && !lastRecorded.containsKey(key)) {
                lastRecorded.put(key, part);
                journal.appendNotStarted(TestRecord.notRun(part.platform(), test, NOT_STARTED));
            }
        }
    }
}

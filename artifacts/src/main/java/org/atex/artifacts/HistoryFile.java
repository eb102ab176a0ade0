package org.atex.artifacts;

import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atex.api.Outcome;
import org.atex.artifacts.History.Ready;
import org.atex.artifacts.TestHistory.End;
import org.atex.support.Deadline;
import org.jspecify.annotations.Nullable;

/** Reads and writes the file of a {@link History}. */
final class HistoryFile {
    private static final Duration LOCKED_WITHIN = Duration.ofSeconds(30);
    /** More problems say nothing more about a damaged file. */
    private static final int MAX_PROBLEMS = 20;

    private final Path file;
    private final Map<String, TestHistory> tests = new HashMap<>();
    private final Map<String, List<Ready>> ready = new HashMap<>();
    private final List<String> problems = new ArrayList<>();
    private final Map<String, String> runs = new HashMap<>();
    private int moreProblems;

    private HistoryFile(Path file) {
        this.file = file;
    }

    static History read(Path file) throws IOException {
        HistoryFile reader = new HistoryFile(file);
        // Bytes that are no text make a line invalid, and not the file.
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8))) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank()) {
                    reader.take(line, number);
                }
            }
        } catch (NoSuchFileException e) {
            return History.empty();
        }
        if (reader.moreProblems > 0) {
            reader.problems.add(file + ": " + reader.moreProblems + " more lines were left out");
        }
        return History.bounded(reader.tests, reader.ready, reader.problems);
    }

    private void take(String line, int number) {
        try {
            Map<?, ?> json = JournalReader.parse(line);
            if (json.get("test") != null) {
                tests.merge(
                        RecordJson.text(json, "test"),
                        TestHistory.of(
                                rows(json, "ends").stream().map(this::end).toList(), History.MAX_ENDS),
                        (a, b) -> a.with(b.ends(), History.MAX_ENDS));
            } else if (json.get("provisioner") != null) {
                ready.merge(
                        RecordJson.text(json, "provisioner"),
                        rows(json, "ready").stream().map(this::system).toList(),
                        Ready::union);
            }
        } catch (IllegalArgumentException | ArithmeticException e) {
            if (problems.size() < MAX_PROBLEMS) {
                problems.add(file + ", line " + number + ": it was left out, " + e.getMessage());
            } else {
                moreProblems++;
            }
        }
    }

    private static List<List<?>> rows(Map<?, ?> json, String key) {
        if (!(json.get(key) instanceof List<?> list)) {
            throw new IllegalArgumentException("the value of '" + key + "' is not an array");
        }
        List<List<?>> rows = new ArrayList<>();
        for (Object row : list) {
            if (!(row instanceof List<?> values)) {
                throw new IllegalArgumentException("an element of '" + key + "' is not an array");
            }
            rows.add(values);
        }
        return rows;
    }

    private End end(List<?> row) {
        return new End(
                run(row),
                Math.toIntExact(number(row, 1)),
                Instant.ofEpochMilli(number(row, 2)),
                Duration.ofMillis(number(row, 3)),
                Outcome.valueOf(text(row, 4)));
    }

    private Ready system(List<?> row) {
        return new Ready(
                run(row), text(row, 1), Instant.ofEpochMilli(number(row, 2)), Duration.ofMillis(number(row, 3)));
    }

    /** Returns the id of the run, the same object for all of its attempts, to save memory. */
    private String run(List<?> row) {
        return runs.computeIfAbsent(text(row, 0), id -> id);
    }

    private static long number(List<?> row, int index) {
        if (index >= row.size()
                || !(row.get(index) instanceof Number number)
                || !(number instanceof Integer || number instanceof Long)
                || number.longValue() < 0) {
            throw new IllegalArgumentException("the element " + row + " has no number at the position " + (index + 1));
        }
        return number.longValue();
    }

    private static String text(List<?> row, int index) {
        if (index >= row.size() || !(row.get(index) instanceof String text)) {
            throw new IllegalArgumentException("the element " + row + " has no text at the position " + (index + 1));
        }
        return text;
    }

    static History add(Path path, History more) throws IOException, InterruptedException {
        // A link stays a link: the file that it names is replaced.
        Path file = Files.exists(path) ? path.toRealPath() : path.toAbsolutePath();
        Path directory = file.getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        try (WriterLock lock = lock(file)) {
            History all = read(file).with(more);
            replace(file, all);
            return all;
        }
    }

    private static WriterLock lock(Path file) throws IOException, InterruptedException {
        Deadline deadline = Deadline.in(LOCKED_WITHIN);
        while (true) {
            try {
                return WriterLock.of(file);
            } catch (FileSystemException e) {
                throw e; // the lock file cannot be created, now or later
            } catch (IOException e) {
                if (deadline.isOver()) {
                    throw new IOException(
                            "could not add to the history " + file + " within " + LOCKED_WITHIN + ": " + e.getMessage(),
                            e);
                }
            }
            deadline.sleepBriefly();
        }
    }

    private static void replace(Path file, History history) throws IOException {
        // A name of its own is not needed, as the lock is held. One that a killed program left is overwritten.
        Path next = file.resolveSibling(file.getFileName() + ".new");
        try (FileOutputStream out = new FileOutputStream(next.toFile())) {
            write(new BufferedOutputStream(out), history);
            out.getFD().sync();
        } catch (IOException e) {
            try {
                Files.deleteIfExists(next);
            } catch (IOException more) {
                e.addSuppressed(more);
            }
            throw e;
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void write(OutputStream out, History history) throws IOException {
        for (Map.Entry<String, TestHistory> test : history.tests().entrySet()) {
            List<Object> ends = new ArrayList<>();
            for (End end : test.getValue().ends()) {
                ends.add(List.of(
                        end.run(),
                        end.attempt(),
                        end.started().toEpochMilli(),
                        end.took().toMillis(),
                        end.outcome().name()));
            }
            out.write(line("test", test.getKey(), "ends", ends));
        }
        for (Map.Entry<String, List<Ready>> provisioner : history.ready().entrySet()) {
            List<Object> systems = new ArrayList<>();
            for (Ready system : provisioner.getValue()) {
                systems.add(List.of(
                        system.run(),
                        system.system(),
                        system.at().toEpochMilli(),
                        system.took().toMillis()));
            }
            out.write(line("provisioner", provisioner.getKey(), "ready", systems));
        }
        out.flush();
    }

    private static byte[] line(String key, String name, String list, List<Object> values) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put(key, name);
        json.put(list, values);
        return Journal.line(json);
    }
}

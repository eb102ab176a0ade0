package org.atex.fmf.control;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.Status;
import org.atex.api.TestEnd;
import org.atex.api.TestResult;
import org.atex.artifacts.ResultWriter;
import org.atex.artifacts.SafePath;
import org.jspecify.annotations.Nullable;

/**
 * Takes what a test reports on its control stream, and writes it to the test's artifacts: files as they arrive, results
 * the moment they are final. For one thread.
 */
public final class ReportedResults implements AutoCloseable {
    /** Stands for the test itself among names of subtests, which are never empty. */
    private static final String ITSELF = "";

    /** How many words of their own tests may use for status before further ones are not counted. */
    private static final int KINDS = 1000;

    private static final int SHOWN = 200;

    private final Artifacts artifacts;
    private final Path output;
    private final ResultWriter writer;
    private final Allowance allowance;
    private final PartialResults partial = new PartialResults();
    private final Map<Status, Long> subtests = new HashMap<>();
    private @Nullable Outcome own;
    private @Nullable String ownNote;

    /**
     * Begins with empty artifacts.
     *
     * @param artifacts where results and files go
     * @param output the file that the test's own output is written to, on the same file system
     * @param limits how much the test may send
     * @throws IOException if nothing can be written there
     */
    public ReportedResults(Artifacts artifacts, Path output, ReportLimits limits) throws IOException {
        this.artifacts = artifacts;
        this.output = output;
        this.allowance = new Allowance(limits);
        this.writer = ResultWriter.append(artifacts.results());
    }

    /**
     * Takes one result.
     *
     * @param length how many bytes its JSON object has
     * @param stream gives those, and then the bytes of its files
     * @throws ProtocolException if the result is malformed, or above the limits
     * @throws StorageException if it cannot be stored here
     * @throws IOException if the stream breaks
     */
    public void receive(int length, ControlStream stream) throws IOException {
        allowance.takeResult();
        Map<String, @Nullable Object> result = Json.object(stream.readBytes(length));
        String name = name(result);
        boolean keepOpen = isPartial(result.remove("partial"));
        checkText(result, "status");
        checkText(result, "note");
        receiveFiles(name, result, stream);
        if (keepOpen) {
            checkText(result, "testout");
            allowance.takeOpen(length);
            partial.keep(name, result);
        } else {
            store(name, partial.close(name, result));
            if (partial.isEmpty()) {
                allowance.giveBackAllOpen();
            }
        }
    }

    private static String name(Map<String, @Nullable Object> result) throws ProtocolException {
        if (!result.containsKey("name")) {
            return ITSELF;
        }
        if (result.get("name") instanceof String name && !name.isEmpty()) {
            return name;
        }
        throw new ProtocolException(
                "a result's name must be a text that is not empty; leave it out for the test itself");
    }

    private static boolean isPartial(@Nullable Object value) throws ProtocolException {
        if (value == null || value instanceof Boolean) {
            return Boolean.TRUE.equals(value);
        }
        throw new ProtocolException("a result's 'partial' must be true or false, but is " + shown(value));
    }

    private static void checkText(Map<String, @Nullable Object> result, String key) throws ProtocolException {
        Object value = result.get(key);
        if (value != null && !(value instanceof String text && (key.equals("note") || !text.isBlank()))) {
            throw new ProtocolException(
                    "a result's '" + key + "' must be a text that is not empty, but is " + shown(value));
        }
    }

    private void receiveFiles(String name, Map<String, @Nullable Object> result, ControlStream stream)
            throws IOException {
        Object files = result.get("files");
        if (files == null) {
            return;
        }
        if (!(files instanceof List<?> list)) {
            throw new ProtocolException("a result's 'files' must be a list, but is " + shown(files));
        }
        Set<String> stored = new LinkedHashSet<>();
        for (Object file : list) {
            if (!(file instanceof Map<?, ?> map
                    && map.get("name") instanceof String fileName
                    && !fileName.isEmpty()
                    && map.get("length") instanceof Number length
                    && (length instanceof Integer || length instanceof Long)
                    && length.longValue() >= 0)) {
                throw new ProtocolException(
                        "each of a result's files needs a \"name\" and a \"length\" in bytes, but one is "
                                + shown(file));
            }
            stored.add(SafePath.of(fileName));
            allowance.takeFile(length.longValue());
            receiveFile(place(name, fileName), length.longValue(), stream);
        }
        result.put("files", List.copyOf(stored));
    }

    private Path place(String name, String file) {
        return artifacts.files().resolve(SafePath.ofFile(name.equals(ITSELF) ? null : name, file));
    }

    private static void receiveFile(Path path, long length, ControlStream stream) throws IOException {
        makeParent(path);
        if (Files.isDirectory(path)) {
            throw new ProtocolException("the file " + path.getFileName() + " is a directory of files already");
        }
        // Not a FileChannel: that one is closed by an interrupt in the middle of a write.
        try (OutputStream out = open(path)) {
            stream.copyBytes(length, out);
        } catch (StorageException e) {
            Files.deleteIfExists(path); // half a file is of no use, and its room is needed to say so
            throw e;
        }
    }

    private static OutputStream open(Path path) throws StorageException {
        try {
            return new FileOutputStream(path.toFile(), true);
        } catch (IOException e) {
            throw new StorageException("the file " + path.getFileName(), e);
        }
    }

    /** The start of a value, for messages: a test may send megabytes of it. */
    private static String shown(@Nullable Object value) {
        String text = String.valueOf(value);
        return text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text;
    }

    private static void makeParent(Path path) throws IOException {
        Path parent = path.getParent();
        if (parent == null || Files.isDirectory(parent)) {
            return;
        }
        try {
            Files.createDirectories(parent);
        } catch (FileAlreadyExistsException e) {
            throw new ProtocolException("the file " + path.getFileName() + " needs the directory "
                    + parent.getFileName() + ", which is a file already");
        } catch (IOException e) {
            throw new StorageException("a directory of files", e);
        }
    }

    private void store(String name, Map<String, @Nullable Object> result) throws IOException {
        Map<String, @Nullable Object> more = new LinkedHashMap<>(result);
        Set<String> files = new LinkedHashSet<>();
        if (more.remove("files") instanceof List<?> list) {
            list.forEach(file -> files.add((String) file));
        }
        if (more.containsKey("testout")) {
            checkText(more, "testout");
            if (more.remove("testout") instanceof String testout) {
                addOutput(name, testout, files);
            }
        }
        Status status = more.remove("status") instanceof String word ? new Status(word) : null;
        String note = more.remove("note") instanceof String text ? text : null;
        more.remove("name");
        write(new TestResult(status, name.equals(ITSELF) ? null : name, note, List.copyOf(files), more));
        if (status != null) {
            count(name, status, note);
        }
    }

    private void write(TestResult result) throws StorageException {
        try {
            writer.write(result);
        } catch (IOException e) {
            throw new StorageException("a result", e);
        }
    }

    private void count(String name, Status status, @Nullable String note) {
        if (name.equals(ITSELF)) {
            Outcome outcome = Outcome.of(status);
            if (own == null || outcome.verdict().compareTo(own.verdict()) > 0) {
                own = outcome;
                ownNote = note;
            }
        } else if (subtests.containsKey(status) || subtests.size() < KINDS) {
            subtests.merge(status, 1L, Long::sum);
        }
    }

    /**
     * Adds a result of the runner's own, beside those of the test.
     *
     * @param result what it says; its files are there already
     * @throws StorageException if it cannot be stored here
     */
    public void add(TestResult result) throws StorageException {
        write(result);
    }

    private void addOutput(String name, String testout, Set<String> files) throws IOException {
        Path path = place(name, testout);
        if (!files.add(SafePath.of(testout)) || Files.exists(path)) {
            throw new ProtocolException("a result's 'testout' is also one of its files: " + testout);
        }
        if (Files.exists(output)) {
            makeParent(path);
            // A link, so that what is still written after the result became final is there too.
            Files.createLink(path, output);
        }
    }

    /**
     * Stores what is still open, and adds a result about the test itself if it reported none, or if it was not the test
     * that decided how it ended.
     *
     * @param end how it ended by its exit code, or by whoever ended it
     * @param rule decides, unless somebody else ended it
     * @return how it ended, its own result and the rule considered
     * @throws StorageException if something cannot be stored here
     * @throws IOException if a link cannot be made here
     */
    public TestEnd finish(TestEnd end, VerdictRule rule) throws IOException {
        Map<String, @Nullable Object> itself = partial.remove(ITSELF);
        String malformed = storeOpen();
        if (end.outcome() != Outcome.PASSED && end.outcome() != Outcome.FAILED) {
            storeFallback(withoutVerdict(itself), end);
            return end;
        }
        if (malformed != null) {
            TestEnd error = new TestEnd(Outcome.ERROR, end.exitCode(), malformed, end.systemUsable());
            storeFallback(withoutVerdict(itself), error);
            return error;
        }
        Outcome said = ownOutcome(itself);
        String why = itself != null && itself.get("note") instanceof String note ? note : ownNote;
        TestEnd ours = said == null ? end : with(said, why == null ? end.note() : firstLine(why), end);
        TestEnd decided = with(rule.decide(ours, Map.copyOf(subtests)), ours.note(), ours);
        if (itself != null || own == null || decided.outcome() != ours.outcome()) {
            storeFallback(decided.outcome() == ours.outcome() ? itself : withoutStatus(itself), decided);
        }
        return decided;
    }

    /** {@return what is wrong with one of them, or null} */
    private @Nullable String storeOpen() throws IOException {
        String malformed = null;
        for (Map<String, @Nullable Object> rest : partial.rest()) {
            String name = String.valueOf(rest.get("name"));
            try {
                store(name, rest);
            } catch (ProtocolException e) {
                malformed = e.getMessage();
                rest.remove("testout");
                store(name, rest);
            }
        }
        return malformed;
    }

    /** {@return what the test says of itself, an open result included; null if it says nothing} */
    private @Nullable Outcome ownOutcome(@Nullable Map<String, @Nullable Object> open) {
        if (open == null || !(open.get("status") instanceof String word)) {
            return own;
        }
        Outcome outcome = Outcome.of(new Status(word));
        return own == null || outcome.verdict().compareTo(own.verdict()) > 0 ? outcome : own;
    }

    private static @Nullable Map<String, @Nullable Object> withoutStatus(@Nullable Map<String, @Nullable Object> open) {
        if (open != null) {
            open.remove("status");
        }
        return open;
    }

    /** Not the test decided but its runner, who says why. */
    private static @Nullable Map<String, @Nullable Object> withoutVerdict(
            @Nullable Map<String, @Nullable Object> open) {
        if (open != null) {
            open.remove("note");
        }
        return withoutStatus(open);
    }

    /** What passed needs no reason, an exit code for instance that the test itself took for good. */
    private static TestEnd with(Outcome outcome, @Nullable String note, TestEnd end) {
        return new TestEnd(outcome, end.exitCode(), outcome == Outcome.PASSED ? null : note, end.systemUsable());
    }

    private static String firstLine(String text) {
        String line = text.strip().lines().findFirst().orElse("");
        return line.length() > SHOWN ? line.substring(0, SHOWN) + "…" : line;
    }

    private void storeFallback(@Nullable Map<String, @Nullable Object> open, TestEnd end) throws IOException {
        Map<String, @Nullable Object> fallback = open == null ? new LinkedHashMap<>() : open;
        fallback.putIfAbsent("status", end.outcome().status().word());
        if (end.note() != null) {
            fallback.putIfAbsent("note", end.note());
        }
        boolean hasOutput = fallback.get("testout") != null
                || fallback.get("files") instanceof List<?> files && files.contains("output.txt")
                || Files.exists(place(ITSELF, "output.txt"));
        if (!hasOutput) {
            fallback.put("testout", "output.txt");
        }
        store(ITSELF, fallback);
    }

    @Override
    public void close() throws IOException {
        writer.close();
        Files.deleteIfExists(output);
    }
}

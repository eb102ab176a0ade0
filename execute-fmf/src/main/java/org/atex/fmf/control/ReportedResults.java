package org.atex.fmf.control;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    private final Artifacts artifacts;
    private final Path output;
    private final ResultWriter writer;
    private final PartialResults partial = new PartialResults();
    private @Nullable Outcome own;

    /**
     * Begins with empty artifacts.
     *
     * @param artifacts where results and files go
     * @param output the file that the test's own output is written to, on the same file system
     * @throws IOException if nothing can be written there
     */
    public ReportedResults(Artifacts artifacts, Path output) throws IOException {
        this.artifacts = artifacts;
        this.output = output;
        this.writer = ResultWriter.append(artifacts.results());
    }

    /**
     * Takes one result.
     *
     * @param length how many bytes its JSON object has
     * @param stream gives those, and then the bytes of its files
     * @throws ProtocolException if the result is malformed
     * @throws IOException if the stream breaks, or nothing can be stored here
     */
    public void receive(int length, ControlStream stream) throws IOException {
        Map<String, @Nullable Object> result = Json.object(stream.readBytes(length));
        String name = name(result);
        boolean keepOpen = isPartial(result.remove("partial"));
        checkText(result, "status");
        checkText(result, "note");
        receiveFiles(name, result, stream);
        if (keepOpen) {
            checkText(result, "testout");
            partial.keep(name, result);
        } else {
            store(name, partial.close(name, result));
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
        throw new ProtocolException("a result's 'partial' must be true or false, but is " + value);
    }

    private static void checkText(Map<String, @Nullable Object> result, String key) throws ProtocolException {
        Object value = result.get(key);
        if (value != null && !(value instanceof String text && (key.equals("note") || !text.isBlank()))) {
            throw new ProtocolException("a result's '" + key + "' must be a text that is not empty, but is " + value);
        }
    }

    private void receiveFiles(String name, Map<String, @Nullable Object> result, ControlStream stream)
            throws IOException {
        Object files = result.get("files");
        if (files == null) {
            return;
        }
        if (!(files instanceof List<?> list)) {
            throw new ProtocolException("a result's 'files' must be a list, but is " + files);
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
                        "each of a result's files needs a \"name\" and a \"length\" in bytes, but one is " + file);
            }
            stored.add(SafePath.of(fileName));
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
        try (OutputStream out = new FileOutputStream(path.toFile(), true)) {
            stream.copyBytes(length, out);
        }
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
        writer.write(new TestResult(status, name.equals(ITSELF) ? null : name, note, List.copyOf(files), more));
        if (name.equals(ITSELF) && status != null) {
            Outcome outcome = Outcome.of(status);
            own = own == null || outcome.verdict().compareTo(own.verdict()) > 0 ? outcome : own;
        }
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
     * @return how it ended, its own result considered
     * @throws IOException if nothing can be stored here
     */
    public TestEnd finish(TestEnd end) throws IOException {
        boolean byTheTest = end.outcome() == Outcome.PASSED || end.outcome() == Outcome.FAILED;
        Map<String, @Nullable Object> itself = partial.remove(ITSELF);
        for (Map<String, @Nullable Object> rest : partial.rest()) {
            store(String.valueOf(rest.get("name")), rest);
        }
        if (itself == null && own != null && byTheTest) {
            return new TestEnd(own, end.exitCode(), end.note(), end.systemUsable());
        }
        Map<String, @Nullable Object> fallback = itself == null ? new LinkedHashMap<>() : itself;
        if (!byTheTest) {
            fallback.put("status", end.outcome().status().word());
            fallback.put("note", end.note());
        } else if (fallback.get("status") == null) {
            fallback.put("status", end.outcome().status().word());
        }
        boolean hasOutput = fallback.get("testout") != null
                || fallback.get("files") instanceof List<?> files && files.contains("output.txt")
                || Files.exists(place(ITSELF, "output.txt"));
        if (!hasOutput) {
            fallback.put("testout", "output.txt");
        }
        store(ITSELF, fallback);
        return byTheTest && own != null ? new TestEnd(own, end.exitCode(), end.note(), end.systemUsable()) : end;
    }

    @Override
    public void close() throws IOException {
        writer.close();
        Files.deleteIfExists(output);
    }
}

package org.atex.fmf;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestEnd;
import org.atex.artifacts.ResultWriter;
import org.atex.artifacts.SafePath;
import org.atex.fmf.control.ControlStream;
import org.atex.fmf.control.ProtocolException;
import org.atex.fmf.control.StorageException;
import org.jspecify.annotations.Nullable;

/**
 * Receives the results that a test reports on its control stream, and writes them to the artifacts of the test: files
 * as they arrive, results as soon as they are final. The format is defined in {@code docs/test-control.md}. Not
 * thread-safe.
 */
final class ReportReceiver implements AutoCloseable {
    /** The name of the test itself among the names of its parts, which are never empty. */
    private static final String ITSELF = "";

    /** The number of different statuses that are counted; a test may invent any number of them. */
    private static final int MAX_STATUSES = 1000;

    /** Maximum number of characters of a value in a message: a test may send megabytes. */
    private static final int LONGEST_QUOTE = 200;

    private final Artifacts artifacts;
    private final Path output;
    private final ResultWriter writer;
    private final ReportUsage usage;
    private final PartialResults partial = new PartialResults();
    private final Map<Status, Long> subtests = new HashMap<>();
    /** The most severe status of a part that the helper commands reported. */
    private @Nullable Status worstPartStatus;
    /** The first part with that status. */
    private String worstPart = ITSELF;

    private String latest = ITSELF;
    private @Nullable RebootAnnouncement announcement;
    private @Nullable Status ownStatus;
    private @Nullable String ownNote;
    private final List<String> ownFiles = new ArrayList<>();

    /** The statuses of parts, ordered by severity as in tmt. */
    private static final List<Status> RANKS = List.of(Status.SKIP, Status.PASS, Status.WARN, Status.FAIL, Status.ERROR);

    /**
     * Details of a reboot, which {@code tmt-reboot} sends before the reboot itself.
     *
     * @param within the time limit in seconds; null for the default
     * @param soft the number of soft reboots so far if a soft reboot follows; otherwise null
     */
    record RebootAnnouncement(
            @Nullable Long within, @Nullable Long soft) {}

    /**
     * Creates a receiver.
     *
     * @param artifacts the artifacts of the test
     * @param output the file with the output of the test, on the same file system, as results link to it
     * @param limits the limits of the data that the test may send
     * @throws IOException if the results cannot be written
     */
    ReportReceiver(Artifacts artifacts, Path output, ReportLimits limits) throws IOException {
        this.artifacts = artifacts;
        this.output = output;
        this.usage = new ReportUsage(limits);
        this.writer = ResultWriter.append(artifacts.results());
    }

    /**
     * Receives one result.
     *
     * @param length the length of its JSON object in bytes
     * @param stream the control stream, positioned at the JSON object, which is followed by the bytes of the files
     * @throws ProtocolException if the result is malformed or exceeds a limit
     * @throws StorageException if it cannot be stored on this machine
     * @throws IOException if the control stream cannot be read
     */
    void receive(int length, ControlStream stream) throws IOException {
        usage.addResult();
        Map<String, @Nullable Object> result = Json.object(stream.readBytes(length));
        String name = name(result);
        boolean keepOpen = isPartial(result.remove("partial"));
        if (keepOpen && name.equals(ITSELF) && takeHelperData(result)) {
            return;
        }
        latest = name;
        checkText(result, "status");
        checkText(result, "note");
        // Read the files before anything is stored: their bytes follow on the stream in any case.
        receiveFiles(name, result, stream);
        if (keepOpen) {
            checkText(result, "testout");
            usage.addOpenBytes(length);
            partial.add(name, result);
        } else {
            store(name, partial.close(name, result));
            if (partial.isEmpty()) {
                usage.resetOpenBytes();
            }
        }
    }

    /**
     * Removes the keys that the helper commands on the system add to a result of the test itself: {@code
     * atex-reported}, the status of the part before, and {@code atex-reboot}, details of a reboot. {@return whether
     * nothing else is left}
     */
    private boolean takeHelperData(Map<String, @Nullable Object> result) throws ProtocolException {
        if (result.remove("atex-reported") instanceof String word) {
            Status status = new Status(word);
            if (RANKS.indexOf(status) < 0) {
                throw new ProtocolException("a part of the test was reported with an unknown result: " + shown(word));
            }
            if (worstPartStatus == null || RANKS.indexOf(status) > RANKS.indexOf(worstPartStatus)) {
                worstPartStatus = status;
                worstPart = latest;
            }
        }
        if (result.remove("atex-reboot") instanceof Map<?, ?> reboot) {
            announcement = new RebootAnnouncement(number(reboot.get("within")), number(reboot.get("soft")));
        }
        return result.isEmpty();
    }

    private static @Nullable Long number(@Nullable Object value) {
        return value instanceof Number number ? number.longValue() : null;
    }

    /** Returns and clears the announcement of the next reboot. {@return the announcement, or null} */
    @Nullable
    RebootAnnouncement takeAnnouncement() {
        RebootAnnouncement taken = announcement;
        announcement = null;
        return taken;
    }

    private static String name(Map<String, @Nullable Object> result) throws ProtocolException {
        if (!result.containsKey("name")) {
            return ITSELF;
        }
        if (result.get("name") instanceof String name && !name.isEmpty()) {
            return name;
        }
        throw new ProtocolException(
                "a result's name must be a non-empty text; omit it for a result of the test itself");
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
            throw new ProtocolException("a result's '" + key + "' must be a non-empty text, but is " + shown(value));
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
            usage.addFile(length.longValue());
            receiveFile(pathOf(name, fileName), length.longValue(), stream);
        }
        result.put("files", List.copyOf(stored));
    }

    private Path pathOf(String name, String file) {
        return artifacts.files().resolve(SafePath.ofFile(name.equals(ITSELF) ? null : name, file));
    }

    private static void receiveFile(Path path, long length, ControlStream stream) throws IOException {
        makeParent(path);
        if (Files.isDirectory(path)) {
            throw new ProtocolException("the file " + path.getFileName() + " is already a directory of files");
        }
        // Not a FileChannel, which an interrupt closes in the middle of a write.
        try (OutputStream out = open(path)) {
            stream.copyBytes(length, out);
        } catch (StorageException e) {
            Files.deleteIfExists(path); // frees the space that is needed to write the result with the reason
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

    /** {@return the beginning of a value, for messages} */
    private static String shown(@Nullable Object value) {
        String text = String.valueOf(value);
        return text.length() > LONGEST_QUOTE ? text.substring(0, LONGEST_QUOTE) + "…" : text;
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
                    + parent.getFileName() + ", which is already a file");
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
        write(ReportedResult.of(status, note, List.copyOf(files))
                .withName(name.equals(ITSELF) ? null : name)
                .withMore(more));
        if (status != null) {
            count(name, status, note);
        }
    }

    private void write(ReportedResult result) throws StorageException {
        try {
            writer.write(result);
        } catch (IOException e) {
            throw new StorageException("a result", e);
        }
    }

    private void count(String name, Status status, @Nullable String note) {
        if (name.equals(ITSELF)) {
            if (ownStatus == null || isWorse(status, ownStatus)) {
                ownStatus = status;
                ownNote = note;
            }
        } else if (subtests.containsKey(status) || subtests.size() < MAX_STATUSES) {
            subtests.merge(status, 1L, Long::sum);
        }
    }

    /**
     * Adds a result of the executor to those of the test.
     *
     * @param result the result; its files are already in the artifacts
     * @throws StorageException if it cannot be stored on this machine
     */
    void add(ReportedResult result) throws StorageException {
        write(result);
    }

    /**
     * Adds files to the final result of the test itself.
     *
     * @param names their names; they are already in the artifacts
     */
    void addFiles(List<String> names) {
        ownFiles.addAll(names);
    }

    private void addOutput(String name, String testout, Set<String> files) throws IOException {
        Path path = pathOf(name, testout);
        if (!files.add(SafePath.of(testout)) || Files.exists(path)) {
            throw new ProtocolException("a result's 'testout' is also one of its files: " + testout);
        }
        if (Files.exists(output)) {
            makeParent(path);
            // A hard link, so that the file also gets the output that follows after the result became final.
            Files.createLink(path, output);
        }
    }

    /**
     * Stores the open results. Adds a result about the test itself if the test reported none, or if its own result did
     * not decide the outcome.
     *
     * @param end the end of the test by its exit code, or with which it was stopped
     * @param rule decides the outcome of a test that ended by itself
     * @return the end of the test, after its own result and the rule
     * @throws StorageException if a result cannot be stored on this machine
     * @throws IOException if a link cannot be created on this machine
     */
    TestEnd finish(TestEnd end, OutcomeRule rule) throws IOException {
        return finish(end, rule, Interpretation.none());
    }

    /**
     * Does the same as {@link #finish(TestEnd, OutcomeRule)}, and lets the metadata of the test decide as well.
     *
     * @param end the end of the test by its exit code, or with which it was stopped
     * @param rule decides the outcome of a test that ended by itself
     * @param interpretation provides a judgement before the rule, and interprets the one after it
     * @return the end of the test, after its own result, the rule and the interpretation
     * @throws StorageException if a result cannot be stored on this machine
     * @throws IOException if a link cannot be created on this machine
     */
    TestEnd finish(TestEnd end, OutcomeRule rule, Interpretation interpretation) throws IOException {
        Map<String, @Nullable Object> itself = partial.remove(ITSELF);
        String malformed = storeOpen();
        boolean endedItself = end.outcome() == Outcome.PASSED || end.outcome() == Outcome.FAILED;
        if (malformed != null && endedItself) {
            return finishStopped(
                    itself, new TestEnd(Outcome.ERROR, end.exitCode(), malformed, end.systemUsable()), interpretation);
        }
        if (!endedItself) {
            return finishStopped(itself, end, interpretation);
        }
        Judgement elsewhere =
                interpretation.findJudgement(end, worstPartStatus != null || ownStatus != null || hasStatus(itself));
        Judgement found = elsewhere == null ? ownJudgement(itself, end) : elsewhere;
        Outcome ruled = rule.decide(found.of(end), Map.copyOf(subtests));
        Judgement last = interpretation.interpret(ruled == found.outcome() ? found : Judgement.of(ruled, found.note()));
        boolean decidedElsewhere = elsewhere != null || !last.equals(found);
        if (decidedElsewhere || itself != null || !last.status().equals(ownStatus)) {
            boolean newReason = last.surprising() && last.note() != null;
            storeFinal(newReason ? withoutVerdict(itself) : decidedElsewhere ? withoutStatus(itself) : itself, last);
        }
        return last.of(end);
    }

    /** Finishes a test that was stopped; its own results do not decide the outcome. */
    private TestEnd finishStopped(
            @Nullable Map<String, @Nullable Object> itself, TestEnd end, Interpretation interpretation)
            throws IOException {
        Judgement found = Judgement.of(end.outcome(), end.note());
        Judgement last = interpretation.interpret(found);
        storeFinal(withoutVerdict(itself), last);
        return last.equals(found) ? end : last.of(end);
    }

    private static boolean hasStatus(@Nullable Map<String, @Nullable Object> open) {
        return open != null && open.get("status") instanceof String;
    }

    /** Stores the open results of parts. {@return the error in a malformed one, or null} */
    private @Nullable String storeOpen() throws IOException {
        String malformed = null;
        for (Map<String, @Nullable Object> result : partial.remaining()) {
            String name = String.valueOf(result.get("name"));
            try {
                store(name, result);
            } catch (ProtocolException e) {
                malformed = e.getMessage();
                result.remove("testout"); // the only key that is checked when a result is stored
                store(name, result);
            }
        }
        return malformed;
    }

    /**
     * {@return the judgement by the results of the test and its parts, an open one included; otherwise by its exit
     * code}
     */
    private Judgement ownJudgement(@Nullable Map<String, @Nullable Object> open, TestEnd end) {
        Status decisive = ownStatus;
        if (open != null && open.get("status") instanceof String word) {
            Status status = new Status(word);
            decisive = decisive == null || isWorse(status, decisive) ? status : decisive;
        }
        boolean byPart = worstPartStatus != null && (decisive == null || rank(worstPartStatus) > rank(decisive));
        if (byPart) {
            decisive = worstPartStatus;
        }
        if (decisive == null) {
            return Judgement.of(end.outcome(), end.note());
        }
        String why = open != null && open.get("note") instanceof String note ? note : ownNote;
        if (byPart && why == null && Outcome.of(decisive) != Outcome.PASSED) {
            why = "it reported " + decisive.word().toUpperCase(Locale.ROOT) + " for " + worstPart;
        }
        return new Judgement(Outcome.of(decisive), decisive, why == null ? end.note() : firstLine(why));
    }

    private static boolean isWorse(Status one, Status other) {
        return Outcome.of(one).verdict().compareTo(Outcome.of(other).verdict()) > 0;
    }

    private static int rank(Status status) {
        int rank = RANKS.indexOf(status.equals(Status.INFO) ? Status.PASS : status);
        return rank < 0 ? RANKS.size() : rank;
    }

    private static @Nullable Map<String, @Nullable Object> withoutStatus(@Nullable Map<String, @Nullable Object> open) {
        if (open != null) {
            open.remove("status");
        }
        return open;
    }

    /** Removes status and note: the executor decided the outcome of the test, with a reason of its own. */
    private static @Nullable Map<String, @Nullable Object> withoutVerdict(
            @Nullable Map<String, @Nullable Object> open) {
        if (open != null) {
            open.remove("note");
        }
        return withoutStatus(open);
    }

    private static String firstLine(String text) {
        String line = text.strip().lines().findFirst().orElse("");
        return line.length() > LONGEST_QUOTE ? line.substring(0, LONGEST_QUOTE) + "…" : line;
    }

    /** Stores the final result of the test itself; the output becomes {@code output.txt} unless the test stored it. */
    private void storeFinal(@Nullable Map<String, @Nullable Object> open, Judgement judgement) throws IOException {
        Map<String, @Nullable Object> result = open == null ? new LinkedHashMap<>() : open;
        result.putIfAbsent("status", judgement.status().word());
        if (judgement.note() != null && judgement.needsReason()) {
            result.putIfAbsent("note", judgement.note());
        }
        if (!ownFiles.isEmpty()) {
            List<@Nullable Object> files = new ArrayList<>(ownFiles);
            if (result.get("files") instanceof List<?> own) {
                files.addAll(own);
            }
            result.put("files", files);
        }
        boolean hasOutput = result.get("testout") != null
                || result.get("files") instanceof List<?> files && files.contains("output.txt")
                || Files.exists(pathOf(ITSELF, "output.txt"));
        if (!hasOutput) {
            result.put("testout", "output.txt");
        }
        store(ITSELF, result);
    }

    @Override
    public void close() throws IOException {
        writer.close();
        Files.deleteIfExists(output);
    }
}

package org.atex.fmf;

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
 * Takes what a test reports on its control stream, and writes it to the test's artifacts: files as they arrive, results
 * the moment they are final. For one thread.
 */
final class ReportReceiver implements AutoCloseable {
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
    private @Nullable Status reported;
    /** Which part was reported as that first. */
    private String reportedPart = ITSELF;

    private String latest = ITSELF;
    private @Nullable RebootWish rebootWish;
    private @Nullable Status own;
    private @Nullable String ownNote;

    /** From the harmless to the worst, as tmt ranks what tests report of their parts. */
    private static final List<Status> RANKS = List.of(Status.SKIP, Status.PASS, Status.WARN, Status.FAIL, Status.ERROR);

    /**
     * What a test said of the reboot that it is about to announce.
     *
     * @param within how many seconds it may take; null if that was not said
     * @param soft how many times only the user space has been restarted so far, if that is what is to come; else null
     */
    record RebootWish(@Nullable Long within, @Nullable Long soft) {}

    /**
     * Begins with empty artifacts.
     *
     * @param artifacts where results and files go
     * @param output the file that the test's own output is written to, on the same file system
     * @param limits how much the test may send
     * @throws IOException if nothing can be written there
     */
    ReportReceiver(Artifacts artifacts, Path output, ReportLimits limits) throws IOException {
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
    void receive(int length, ControlStream stream) throws IOException {
        allowance.takeResult();
        Map<String, @Nullable Object> result = Json.object(stream.readBytes(length));
        String name = name(result);
        boolean keepOpen = isPartial(result.remove("partial"));
        if (keepOpen && name.equals(ITSELF) && takeHints(result)) {
            return;
        }
        latest = name;
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

    /** Takes what our own commands on the system add for us. {@return whether that was all} */
    private boolean takeHints(Map<String, @Nullable Object> result) throws ProtocolException {
        if (result.remove("atex-reported") instanceof String word) {
            Status status = new Status(word);
            if (RANKS.indexOf(status) < 0) {
                throw new ProtocolException("a part of the test was reported with an unknown result: " + shown(word));
            }
            if (reported == null || RANKS.indexOf(status) > RANKS.indexOf(reported)) {
                reported = status;
                reportedPart = latest;
            }
        }
        if (result.remove("atex-reboot") instanceof Map<?, ?> wish) {
            rebootWish = new RebootWish(number(wish.get("within")), number(wish.get("soft")));
        }
        return result.isEmpty();
    }

    private static @Nullable Long number(@Nullable Object value) {
        return value instanceof Number number ? number.longValue() : null;
    }

    /** {@return what was said of the next reboot, once; null if nothing was} */
    @Nullable
    RebootWish takeRebootWish() {
        RebootWish wish = rebootWish;
        rebootWish = null;
        return wish;
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
        write(new ReportedResult(status, name.equals(ITSELF) ? null : name, note, List.copyOf(files), more));
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
            if (own == null || isWorse(status, own)) {
                own = status;
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
    void add(ReportedResult result) throws StorageException {
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
    TestEnd finish(TestEnd end, OutcomeRule rule) throws IOException {
        return finish(end, rule, Interpretation.none());
    }

    /**
     * The same for a test whose metadata have a say, too.
     *
     * @param end how it ended by its exit code, or by whoever ended it
     * @param rule decides, unless somebody else ended it
     * @param interpretation decides before and after the rule
     * @return how it ended, all of that considered
     * @throws StorageException if something cannot be stored here
     * @throws IOException if a link cannot be made here
     */
    TestEnd finish(TestEnd end, OutcomeRule rule, Interpretation interpretation) throws IOException {
        Map<String, @Nullable Object> itself = partial.remove(ITSELF);
        String malformed = storeOpen();
        boolean endedItself = end.outcome() == Outcome.PASSED || end.outcome() == Outcome.FAILED;
        if (malformed != null && endedItself) {
            return finishEnded(
                    itself, new TestEnd(Outcome.ERROR, end.exitCode(), malformed, end.systemUsable()), interpretation);
        }
        if (!endedItself) {
            return finishEnded(itself, end, interpretation);
        }
        Judgement elsewhere = interpretation.found(end, reported != null || own != null || hasStatus(itself));
        Judgement found = elsewhere == null ? ownFinding(itself, end) : elsewhere;
        Outcome ruled = rule.decide(found.of(end), Map.copyOf(subtests));
        Judgement last = interpretation.last(ruled == found.outcome() ? found : Judgement.of(ruled, found.note()));
        boolean decidedElsewhere = elsewhere != null || !last.equals(found);
        if (decidedElsewhere || itself != null || !last.status().equals(own)) {
            boolean newReason = last.surprising() && last.note() != null;
            storeFallback(newReason ? withoutVerdict(itself) : decidedElsewhere ? withoutStatus(itself) : itself, last);
        }
        return last.of(end);
    }

    /** Somebody else ended the test, and it has no say. */
    private TestEnd finishEnded(
            @Nullable Map<String, @Nullable Object> itself, TestEnd end, Interpretation interpretation)
            throws IOException {
        Judgement found = Judgement.of(end.outcome(), end.note());
        Judgement last = interpretation.last(found);
        storeFallback(withoutVerdict(itself), last);
        return last.equals(found) ? end : last.of(end);
    }

    private static boolean hasStatus(@Nullable Map<String, @Nullable Object> open) {
        return open != null && open.get("status") instanceof String;
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

    /** {@return what the test says of itself and its parts, an open result included; else what its exit code says} */
    private Judgement ownFinding(@Nullable Map<String, @Nullable Object> open, TestEnd end) {
        Status said = own;
        if (open != null && open.get("status") instanceof String word) {
            Status status = new Status(word);
            said = said == null || isWorse(status, said) ? status : said;
        }
        boolean byPart = reported != null && (said == null || rank(reported) > rank(said));
        if (byPart) {
            said = reported;
        }
        if (said == null) {
            return Judgement.of(end.outcome(), end.note());
        }
        String why = open != null && open.get("note") instanceof String note ? note : ownNote;
        if (byPart && why == null && Outcome.of(said) != Outcome.PASSED) {
            why = "it reported " + said.word().toUpperCase(Locale.ROOT) + " for " + reportedPart;
        }
        return new Judgement(Outcome.of(said), said, why == null ? end.note() : firstLine(why));
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

    /** Not the test decided but its runner, who says why. */
    private static @Nullable Map<String, @Nullable Object> withoutVerdict(
            @Nullable Map<String, @Nullable Object> open) {
        if (open != null) {
            open.remove("note");
        }
        return withoutStatus(open);
    }

    private static String firstLine(String text) {
        String line = text.strip().lines().findFirst().orElse("");
        return line.length() > SHOWN ? line.substring(0, SHOWN) + "…" : line;
    }

    private void storeFallback(@Nullable Map<String, @Nullable Object> open, Judgement finding) throws IOException {
        Map<String, @Nullable Object> fallback = open == null ? new LinkedHashMap<>() : open;
        fallback.putIfAbsent("status", finding.status().word());
        if (finding.note() != null && finding.needsReason()) {
            fallback.putIfAbsent("note", finding.note());
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

package org.atex.html;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestRecord;
import org.atex.artifacts.ArtifactFiles;
import org.atex.artifacts.Excerpts;
import org.atex.artifacts.ReportFiles;
import org.atex.artifacts.ResultReader;
import org.atex.artifacts.SafePath;

/**
 * The results and files of one attempt, as the page shows them: the number of reported parts by their status, the failed
 * parts, the last lines, and the files. Not thread-safe.
 */
final class AttemptDetails {
    private static final int MAX_PARTS = 20;
    private static final int MAX_FILES = 200;
    private static final int MAX_STATUSES = 20;
    private static final int LAST_LINES = 20;
    private static final int MAX_TEXT = 500;

    private final Map<String, Integer> statuses = new LinkedHashMap<>();
    private final List<String> parts = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<String> files = new ArrayList<>();
    private final Set<String> listed = new LinkedHashSet<>();
    private final Set<String> listedByParts = new LinkedHashSet<>();
    private List<String> lastLines = List.of();
    private int failedParts;
    private int unkeptFiles;

    private AttemptDetails() {}

    /** {@return the details of an attempt that left no artifacts} */
    static AttemptDetails none() {
        return new AttemptDetails();
    }

    /**
     * {@return the details of an attempt}
     *
     * @param budget the number of bytes of further text that the page may have
     * @param store the files beside the page
     * @throws IOException if results or files cannot be read or stored
     */
    static AttemptDetails read(
            TestRecord record, Artifacts artifacts, HtmlOptions options, AtomicLong budget, ReportFiles.OfAttempt store)
            throws IOException {
        AttemptDetails details = new AttemptDetails();
        if (artifacts.isNone()) {
            return details;
        }
        Outcome outcome = record.end().outcome();
        boolean isGood = outcome == Outcome.PASSED || outcome == Outcome.SKIPPED;
        details.readResults(artifacts, budget);
        if (!isGood) {
            details.lastLines =
                    within(budget, Excerpts.read(artifacts, LAST_LINES).lastLines());
        }
        details.readFiles(artifacts, options, isGood && !options.filesOfPassed(), budget, store);
        return details;
    }

    private static List<String> within(AtomicLong budget, List<String> lines) {
        long size = lines.stream().mapToLong(line -> line.length() + 4L).sum();
        return isTaken(budget, size) ? lines : List.of();
    }

    private static boolean isTaken(AtomicLong budget, long bytes) {
        long before = budget.getAndUpdate(left -> left >= bytes ? left - bytes : left);
        return before >= bytes;
    }

    private void readResults(Artifacts artifacts, AtomicLong budget) throws IOException {
        try (ResultReader results = ResultReader.of(artifacts)) {
            for (ReportedResult result = results.next(); result != null; result = results.next()) {
                // The output of the test itself comes first.
                Set<String> into = result.name() == null ? listed : listedByParts;
                for (String file : result.files()) {
                    if (into.size() < MAX_FILES) {
                        into.add(SafePath.ofFile(result.name(), file));
                    }
                }
                add(result, budget);
            }
        }
    }

    private void add(ReportedResult result, AtomicLong budget) {
        Status status = result.status();
        String name = result.name();
        String note = result.note();
        if (name == null) {
            if (note != null && notes.size() < MAX_PARTS && isTaken(budget, Math.min(note.length(), MAX_TEXT))) {
                notes.add(Entries.cut(note, MAX_TEXT));
            }
            return;
        }
        String word = status == null ? "none" : Entries.cut(status.word(), MAX_TEXT);
        statuses.merge(statuses.size() < MAX_STATUSES || statuses.containsKey(word) ? word : "other", 1, Integer::sum);
        Outcome outcome = status == null ? Outcome.PASSED : Outcome.of(status);
        if (outcome != Outcome.PASSED && outcome != Outcome.SKIPPED) {
            failedParts++;
            String part = Line.empty()
                    .put("n", Entries.cut(name, MAX_TEXT))
                    .put("o", word)
                    .put("m", Entries.cut(note, MAX_TEXT))
                    .end();
            if (parts.size() < MAX_PARTS && isTaken(budget, part.length())) {
                parts.add(part);
            }
        }
    }

    private void readFiles(
            Artifacts artifacts, HtmlOptions options, boolean isUnkept, AtomicLong budget, ReportFiles.OfAttempt store)
            throws IOException {
        for (Path file : files(artifacts)) {
            String name = artifacts.files().relativize(file).toString();
            if (isUnkept || files.size() == MAX_FILES) {
                unkeptFiles++;
            } else if (!ArtifactFiles.isRegular(artifacts, file) || !Files.isReadable(file)) {
                files.add(Line.empty()
                        .put("n", Entries.cut(name))
                        .put("r", "not a readable regular file")
                        .end());
            } else {
                long size = Files.size(file);
                boolean isText = ArtifactFiles.isText(file);
                Line line = Line.empty().put("n", Entries.cut(name)).put("b", size);
                if (isText && size <= options.maxFileBytes() && isTaken(budget, size)) {
                    line.put("t", text(file));
                } else {
                    line.put("h", store.add(file, name, isText));
                }
                files.add(line.end());
            }
        }
    }

    private static String text(Path file) throws IOException {
        try (InputStream in = new FileInputStream(file.toFile())) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }

    /** {@return the files: those that results list first, then the others in the order of their names} */
    private Set<Path> files(Artifacts artifacts) throws IOException {
        Set<Path> all = Files.isDirectory(artifacts.files(), LinkOption.NOFOLLOW_LINKS)
                ? ArtifactFiles.all(artifacts)
                : Set.of();
        Set<Path> sorted = new LinkedHashSet<>();
        listed.addAll(listedByParts);
        for (String name : listed) {
            Path file = artifacts.files().resolve(name);
            if (all.contains(file)) {
                sorted.add(file);
            }
        }
        sorted.addAll(all);
        return sorted;
    }

    void addTo(Line line) {
        line.put("c", statuses)
                .putObjects("p", parts)
                .put("m", notes)
                .put("e", lastLines)
                .putObjects("f", files);
        if (failedParts > 0) {
            line.put("y", failedParts);
        }
        if (unkeptFiles > 0) {
            line.put("z", unkeptFiles);
        }
    }
}

package org.atex.pytest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.ConnectionLostException;
import org.atex.api.Output;
import org.atex.api.ReportedResult;
import org.atex.api.RunningCommand;
import org.atex.api.Status;
import org.atex.artifacts.FreeSpace;
import org.atex.artifacts.ResultWriter;
import org.atex.artifacts.SafePath;
import org.atex.support.Durations;
import org.atex.support.LimitedCall;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/** Brings the report and the artifacts of one test from a system to this machine. Not thread-safe. */
final class TestFiles {
    /** The directory of the artifacts below the files of a test. */
    private static final String ARTIFACTS = "artifacts";

    /** The number of files in one line of results, so that the line stays far below its limit of 8 MiB. */
    private static final int FILES_PER_RESULT = 1000;

    private static final String FETCH = resource("fetch.py");

    private final PreparedProject project;
    private final String place;

    /**
     * Creates an object for one test.
     *
     * @param project the project on the system
     * @param place the directory of the test on the system
     */
    TestFiles(PreparedProject project, String place) {
        this.project = project;
        this.place = place;
    }

    /**
     * The contents of the directory of a test. Its numbers come from the system.
     *
     * @param missing the reason why the file was not fetched; null if it was
     * @param started whether the directory was made, which is the first step of a test
     * @param files the number of artifacts
     * @param bytes the size of all artifacts
     */
    record Found(@Nullable String missing, boolean started, long files, long bytes) {
        private static Found nothing(String why) {
            return new Found(why, true, 0, 0);
        }
    }

    static String resource(String name) {
        try (var in = TestFiles.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the resource " + name + " is missing in this module");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Fetches a file of the test, and counts its artifacts.
     *
     * @param name the name of the file on the system
     * @param target the local file, which does not exist; it is not created if the file is missing
     * @throws IOException if the local file cannot be written
     */
    Found fetch(String name, Path target) throws IOException, InterruptedException {
        Path counts = target.resolveSibling(name + ".counts");
        Command command = project.helper(FETCH, place, name, String.valueOf(PytestReport.MAX_BYTES))
                .withStdout(Output.file(target))
                .withStderr(Output.file(counts));
        try {
            CommandEnd end;
            try (RunningCommand running = project.connection().start(command)) {
                end = running.await(project.options().downloadWithin()).orElse(null);
            }
            FreeSpace.requireIfScarce(target.resolveSibling(""));
            if (end == null) {
                return Found.nothing("it was not fetched within "
                        + Durations.words(project.options().downloadWithin()));
            }
            Found found = found(end, tail(counts));
            if (found.missing == null && Files.size(target) > PytestReport.MAX_BYTES) {
                return new Found("the system sent more than it announced", true, found.files, found.bytes);
            }
            return found;
        } finally {
            Files.deleteIfExists(counts);
            if (Files.exists(target) && Files.size(target) == 0) {
                Files.delete(target);
            }
        }
    }

    private static String tail(Path file) throws IOException {
        return Files.exists(file) ? OutputTail.of(file) : "";
    }

    private static Found found(CommandEnd end, String counts) {
        String[] words = counts.strip().split(" ", -1);
        if (!end.succeeded() || words.length != 4) {
            return Found.nothing("it could not be fetched: Python " + end + ": " + PytestReport.oneLine(counts));
        }
        try {
            long length = Long.parseLong(words[0]);
            String missing = length == -1
                    ? "there is none"
                    : length == -2
                            ? "it is not a regular file"
                            : length > PytestReport.MAX_BYTES
                                    ? "it has " + length + " bytes, more than " + PytestReport.MAX_BYTES
                                    : length == 0 ? "it is empty" : null;
            return new Found(missing, words[3].equals("1"), Long.parseLong(words[1]), Long.parseLong(words[2]));
        } catch (NumberFormatException e) {
            return Found.nothing("it could not be fetched: " + PytestReport.oneLine(counts));
        }
    }

    /**
     * Downloads the artifacts of the test, if they are within the limits, and removes its directory on the system.
     *
     * @param found the contents of the directory
     * @param into receives the files
     * @param results receives the names of the files, and a result for those that were left out
     * @throws IOException if files cannot be stored on this machine
     */
    void download(Found found, Artifacts into, ResultWriter results) throws IOException, InterruptedException {
        if (found.files == 0) {
            return; // the directory was removed by fetch()
        }
        PytestOptions options = project.options();
        if (found.files > options.maxArtifactFiles() || found.bytes > options.maxArtifactBytes()) {
            results.write(leftOut(
                    Status.WARN,
                    "the test left " + Plural.of(found.files, "file") + " with " + found.bytes
                            + " bytes, more than PytestOptions.withMaxArtifacts allows; none was downloaded"));
        } else {
            Path incoming = into.directory().resolve("incoming");
            try {
                LimitedCall.of("atex-pytest-download", options.downloadWithin(), () -> {
                    project.connection().download(place + "/artifacts", incoming);
                    return true;
                });
                store(incoming, into, results);
            } catch (LimitedCall.NotInTimeException e) {
                results.write(leftOut(Status.WARN, "the download of the artifacts " + e.getMessage()));
            } catch (LimitedCall.Failure e) {
                if (e.thrown() instanceof ConnectionLostException lost) {
                    throw lost;
                }
                FreeSpace.require(into.directory());
                results.write(leftOut(
                        Status.WARN, "the artifacts could not be downloaded: " + PytestReport.oneLine(e.describe())));
            } finally {
                if (Files.isDirectory(incoming)) {
                    Artifacts.at(incoming).delete();
                }
            }
        }
        project.remove(place);
    }

    private static ReportedResult leftOut(Status status, String note) {
        return ReportedResult.of(status, note, List.of()).withName(ARTIFACTS);
    }

    private void store(Path incoming, Artifacts into, ResultWriter results) throws IOException {
        List<String> stored = new ArrayList<>();
        int others = 0;
        try (Stream<Path> all = Files.walk(incoming)) {
            for (Path file : (Iterable<Path>) all.sorted()::iterator) {
                if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    stored.add(move(file, ARTIFACTS + "/" + incoming.relativize(file), into));
                } else if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                    others++;
                }
            }
        }
        for (int from = 0; from < stored.size(); from += FILES_PER_RESULT) {
            List<String> some = stored.subList(from, Math.min(stored.size(), from + FILES_PER_RESULT));
            results.write(ReportedResult.of(null, null, some));
        }
        if (others > 0) {
            results.write(leftOut(Status.INFO, "symbolic links and special files were left out: " + others));
        }
    }

    /** {@return the path of the file below the files of the test} */
    private static String move(Path file, String name, Artifacts into) throws IOException {
        String path = SafePath.of(name);
        // Names that are not valid UTF-8 can have the same text.
        for (int i = 2; Files.exists(into.files().resolve(path), LinkOption.NOFOLLOW_LINKS); i++) {
            path = SafePath.of(name + " (" + i + ")");
        }
        Path target = into.files().resolve(path);
        Files.createDirectories(target.resolveSibling(""));
        Files.move(file, target);
        return path;
    }
}

package org.atex.lab;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.SmallDisk;
import org.atex.testkit.TestArtifacts;

/**
 * A program that stores results in a report. Tests run it in a JVM of its own: to kill it, with little memory, or on a small
 * disk, which is mounted for one process only. The main method of a test class passes its arguments on:
 *
 * <ul>
 *   <li>{@code endless REPORT}: stores tests until it is killed, and prints a line after each;
 *   <li>{@code tests REPORT}: stores 10,000 tests with output;
 *   <li>{@code DISK}: stores results on a disk that it fills, see {@link #onFullDisk}.
 * </ul>
 */
public final class ReportProgram {
    private static final PrintStream OUT = System.out;
    private static final int TESTS = 10_000;
    private static final int LINES = 10_000;
    private static final List<String> ON_FULL_DISK = List.of(
            "full: No space left on device",
            "refused: No space left on device",
            "kept: true",
            "full: No space left on device",
            "refused: No space left on device",
            "done");

    private final Function<Path, Aggregator> open;
    private final Consumer<Path> complete;

    private ReportProgram(Function<Path, Aggregator> open, Consumer<Path> complete) {
        this.open = open;
        this.complete = complete;
    }

    /**
     * Runs the program.
     *
     * @param arguments the arguments of the main method
     * @param open opens a report in a file
     * @param complete completes a report that was not closed
     * @throws IOException if files cannot be written
     */
    public static void run(String[] arguments, Function<Path, Aggregator> open, Consumer<Path> complete)
            throws IOException {
        ReportProgram program = new ReportProgram(open, complete);
        switch (arguments[0]) {
            case "endless" -> program.endless(Path.of(arguments[1]));
            case "tests" -> program.tests(Path.of(arguments[1]));
            default -> program.fill(Path.of(arguments[0]));
        }
    }

    private void endless(Path report) throws IOException {
        try (Aggregator aggregator = open.apply(report)) {
            for (int i = 0; i < Integer.MAX_VALUE; i++) {
                ingest(aggregator, "/t/" + i, 1, withOutput("x".repeat(5_000)));
                OUT.println(i);
                OUT.flush();
            }
        }
    }

    private void tests(Path report) throws IOException {
        String output = "a line of output\n".repeat(1_000);
        try (Aggregator aggregator = open.apply(report)) {
            for (int i = 0; i < TESTS; i++) {
                ingest(aggregator, "/some/rather/long/name/of/a/test/number/" + i, i % 2, withOutput(output));
            }
        }
        OUT.println("done");
    }

    /** Stores results on a disk that is full for a time, and finally copies them to the working directory. */
    private void fill(Path disk) throws IOException {
        Path here = Path.of("");
        Path report = disk.resolve("report");
        try (Aggregator aggregator = open.apply(report)) {
            ingest(aggregator, "/before", 0, TestArtifacts.below(here).artifacts());
            OUT.println("full: " + SmallDisk.fill(disk).getMessage());
            String line = "{\"name\":\"" + "s".repeat(100) + "\",\"status\":\"fail\"}\n";
            Artifacts big =
                    TestArtifacts.below(here).results(line.repeat(LINES)).artifacts();
            try {
                ingest(aggregator, "/big", 0, big);
                OUT.println("stored on a full disk");
            } catch (AggregationException e) {
                print(e, report.toString(), "/big");
            }
            OUT.println("kept: " + (Files.size(big.results()) == (long) LINES * line.length()));
            SmallDisk.makeRoom(disk);
            ingest(aggregator, "/big", 0, big);
            OUT.println("full: " + SmallDisk.fill(disk).getMessage());
            // Room for one more result, but not for the report, whenever that is written.
            SmallDisk.makeLittleRoom(disk);
            ingest(aggregator, "/after", 0, TestArtifacts.below(here).artifacts());
            try {
                aggregator.close();
                OUT.println("closed on a full disk");
            } catch (AggregationException e) {
                print(e, report.toString());
            }
            SmallDisk.makeRoom(disk);
            complete.accept(report);
        }
        Files.copy(report, here.resolve("report"));
        OUT.println("done");
    }

    private static Artifacts withOutput(String text) throws IOException {
        return TestArtifacts.below(Path.of("")).file("output.txt", text).artifacts();
    }

    private static void ingest(Aggregator aggregator, String test, int exitCode, Artifacts artifacts) {
        aggregator.ingest(TestRecord.of("here", test, TestEnd.exited(exitCode)), artifacts);
    }

    private static void print(AggregationException e, String... named) {
        for (String word : named) {
            if (!String.valueOf(e.getMessage()).contains(word)) {
                OUT.println("does not name " + word + ": " + e);
            }
        }
        OUT.println("refused: " + (e.getCause() == null ? null : e.getCause().getMessage()));
    }

    /**
     * Runs a program of this kind on a small disk, and checks that it keeps results that the report refuses, and stores them
     * when there is space again. Skips the test if this user cannot mount a disk.
     *
     * @param disk an empty directory, at which the disk is mounted
     * @param directory the working directory of the program
     * @param main the class with the main method
     * @return the report, which has the tests {@code /before}, {@code /big} and {@code /after}
     * @throws IOException if the program cannot be started
     * @throws InterruptedException if interrupted
     */
    public static Path onFullDisk(Path disk, Path directory, Class<?> main) throws IOException, InterruptedException {
        assumeTrue(SmallDisk.isPossible(disk), "this user cannot mount a file system in a namespace of its own");
        Process process = SmallDisk.run(disk, directory, main);
        List<String> lines;
        try (BufferedReader output = process.inputReader()) {
            lines = output.lines().toList();
        }
        int status = process.waitFor();
        if (status != 0 || !lines.equals(ON_FULL_DISK)) {
            throw new AssertionError(
                    "the program ended with " + status + " and printed " + lines + ", not " + ON_FULL_DISK);
        }
        return directory.resolve("report");
    }
}

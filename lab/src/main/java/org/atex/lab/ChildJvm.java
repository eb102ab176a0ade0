package org.atex.lab;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** JVMs that tests start, such as one that is to be killed or to have little memory. Thread-safe. */
public final class ChildJvm {
    /** The options of a short program: the optimizing compiler and the threads of a collector take more time than they save. */
    public static final List<String> OPTIONS = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    private ChildJvm() {}

    /** {@return the program {@code java} of this JVM with {@link #OPTIONS}, to which arguments can be added} */
    public static List<String> java() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(OPTIONS);
        return command;
    }

    /**
     * {@return the command line of a JVM that runs a class of the class path of the test}
     *
     * @param heap the size of the heap, such as {@code 64m}
     * @param main the class with the main method
     * @param arguments its arguments
     */
    public static List<String> command(String heap, Class<?> main, String... arguments) {
        // Without Logback, which would write log lines to the standard output that the test reads.
        String classes = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> !entry.contains("logback"))
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = java();
        command.addAll(List.of("-Xmx" + heap, "-XX:-UsePerfData"));
        command.addAll(List.of("-Dslf4j.internal.verbosity=ERROR", "-cp", classes, main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /**
     * {@return a process, whose standard error is that of this JVM}
     *
     * @param directory its working directory, created if missing
     * @param command the command line
     * @throws IOException if it cannot be started
     */
    public static Process start(Path directory, List<String> command) throws IOException {
        return new ProcessBuilder(command)
                .directory(Files.createDirectories(directory).toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /**
     * Kills a process after it has written some lines.
     *
     * @param process the process
     * @param after the number of lines
     * @return the number of lines that it has written, at least that many unless it ended before
     * @throws IOException if its output cannot be read
     * @throws InterruptedException if interrupted
     */
    public static int linesUntilKilled(Process process, int after) throws IOException, InterruptedException {
        int lines = 0;
        try (BufferedReader output = process.inputReader()) {
            while (lines < after && output.readLine() != null) {
                lines++;
            }
            // Not process.destroyForcibly(): it closes the stream, which may still hold the last lines.
            process.toHandle().destroyForcibly();
            while (output.readLine() != null) {
                lines++;
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        return lines;
    }
}

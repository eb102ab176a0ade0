package org.atex.lab;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs programs of this host for tests. */
final class Shell {
    private static final long TIMEOUT_SECONDS = 60;

    private Shell() {}

    /**
     * The result of a program.
     *
     * @param code its exit code
     * @param text its standard output and error, interleaved
     */
    record Output(int code, String text) {}

    static Output execute(List<String> line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        process.getOutputStream().close();
        try {
            String text = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException(line + " did not end within " + TIMEOUT_SECONDS + " s");
            }
            return new Output(process.exitValue(), text.strip());
        } finally {
            process.destroyForcibly();
        }
    }

    /**
     * Runs a program that must succeed.
     *
     * @return its output
     * @throws IOException if it fails; the message has its output
     */
    static String run(List<String> line) throws IOException, InterruptedException {
        Output output = execute(line);
        if (output.code() != 0) {
            throw new IOException(
                    String.join(" ", line) + " failed with exit code " + output.code() + ": " + output.text());
        }
        return output.text();
    }

    /** Removes a directory with all its files. Another program may be removing it as well. */
    static void remove(Path directory) throws IOException, InterruptedException {
        Output output = execute(List.of("rm", "-rf", "--", directory.toString()));
        if (output.code() != 0 && Files.exists(directory)) {
            throw new IOException("could not remove " + directory + ": " + output.text());
        }
    }

    static String run(String... line) throws IOException, InterruptedException {
        return run(List.of(line));
    }

    /**
     * Runs a script of the lab that must succeed.
     *
     * @return its output
     */
    static String runScript(String name, String... arguments) throws IOException, InterruptedException {
        // Tests of all modules run in the directory of their module.
        List<String> line = new ArrayList<>();
        line.add(
                Path.of("").toAbsolutePath().resolveSibling("lab").resolve(name).toString());
        line.addAll(List.of(arguments));
        return run(line);
    }
}

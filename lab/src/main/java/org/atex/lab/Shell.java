package org.atex.lab;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs programs of this machine for tests. */
final class Shell {
    private static final long PATIENCE_SECONDS = 60;

    private Shell() {}

    /**
     * What a program said.
     *
     * @param code its exit code
     * @param text its output and errors, mixed
     */
    record Said(int code, String text) {}

    static Said ask(List<String> line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        process.getOutputStream().close();
        try {
            String text = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException(line + " did not end within " + PATIENCE_SECONDS + " s");
            }
            return new Said(process.exitValue(), text.strip());
        } finally {
            process.destroyForcibly();
        }
    }

    /**
     * {@return what a program said}
     *
     * @throws IOException if it failed; the message has its words
     */
    static String run(List<String> line) throws IOException, InterruptedException {
        Said said = ask(line);
        if (said.code() != 0) {
            throw new IOException(String.join(" ", line) + " ended with " + said.code() + ": " + said.text());
        }
        return said.text();
    }

    static String run(String... line) throws IOException, InterruptedException {
        return run(List.of(line));
    }
}

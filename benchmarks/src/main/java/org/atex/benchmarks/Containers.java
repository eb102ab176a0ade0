package org.atex.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.atex.lab.LabImage;

/** Calls podman directly, for baselines. */
final class Containers {
    private Containers() {}

    /** {@return the missing requirement for containers, or an empty string} */
    static String missing() {
        try {
            run("image", "exists", LabImage.PLAIN.reference());
            return "";
        } catch (IOException e) {
            return "podman with the images of the lab (" + e.getMessage() + ")";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        }
    }

    static String run(String... arguments) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("podman"));
        line.addAll(List.of(arguments));
        Process process = new ProcessBuilder(line)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        if (process.waitFor() != 0) {
            throw new IOException("podman " + arguments[0] + " ended with " + process.exitValue());
        }
        return said;
    }
}

package org.atex.ci;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import org.atex.artifacts.AppendFile;
import org.atex.artifacts.CiCommands;
import org.atex.findings.Findings;
import org.atex.findings.FindingsOptions;
import org.atex.support.PrintableText;
import org.slf4j.LoggerFactory;

/** Appends findings to the file that GitHub Actions shows as the summary of a job. */
final class StepSummary {
    /** The runner ignores the file of a step that is larger, as a whole. */
    private static final int MAX_BYTES = 1 << 20;

    /** Left for other programs of the step. */
    private static final int MARGIN = 16 << 10;

    private static final String VARIABLE = "GITHUB_STEP_SUMMARY";

    private StepSummary() {}

    /**
     * Appends the findings.
     *
     * @return a line with the reason if they could not be appended; else an empty text
     */
    static String append(Map<String, String> environment, Findings findings) {
        String file = environment.getOrDefault(VARIABLE, "");
        try {
            if (file.isEmpty()) {
                throw new IOException("the environment has no " + VARIABLE);
            }
            append(Path.of(file), findings);
            return "";
        } catch (IOException | InvalidPathException e) {
            String message = "could not write the findings to the summary of the job: "
                    + PrintableText.of(String.valueOf(e.getMessage()), 500);
            // Not a constant: without a provider, the first logger makes SLF4J print a warning.
            LoggerFactory.getLogger(CiReport.class).warn("{}", message);
            return CiCommands.escape(message) + "\n";
        }
    }

    private static void append(Path file, Findings findings) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException(file + " is not a regular file");
        }
        try (AppendFile summary = AppendFile.open(file)) {
            long free = MAX_BYTES - MARGIN - summary.length();
            if (free < FindingsOptions.LEAST_BYTES) {
                throw new IOException(file + " has " + summary.length() + " bytes already, and GitHub shows no summary"
                        + " of more than " + MAX_BYTES + " bytes");
            }
            String text = findings.markdown();
            if (text.getBytes(UTF_8).length > free) {
                text = findings.markdown((int) free);
            }
            // The text before may have no end of a line.
            String separator = summary.length() > 0 ? "\n\n" : "";
            summary.append((separator + text).getBytes(UTF_8));
        }
    }
}

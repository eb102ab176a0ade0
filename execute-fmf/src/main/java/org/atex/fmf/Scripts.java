package org.atex.fmf;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The shell scripts that run on systems. Each one documents its arguments, output and exit codes.
 *
 * <p>Comments and indentation are removed before a script is sent to a system, since bash reads the wrapper once for each
 * test and the helper once for each report. Therefore a script has no text in quotes that extends over several lines,
 * and no here-documents.
 */
enum Scripts {
    /** Runs a test. */
    WRAPPER,
    /** Runs the wrapper so that it survives a lost connection. */
    DETACHED,
    /** Implements the commands for tests, such as {@code tmt-report-result} and {@code tmt-reboot}. */
    HELPER,
    /** Runs a check before or after a test. */
    CHECKS,
    /** Installs packages. */
    INSTALL,
    /** Runs a script of a plan, and keeps its background processes alive. */
    SCRIPT,
    /** Enables or disables features of a distribution. */
    FEATURE,
    /** Applies Ansible playbooks. */
    ANSIBLE,
    /** Prints the versions of installed packages. */
    PACKAGES;

    private final String text = read(name().toLowerCase(Locale.ROOT) + ".sh");

    String text() {
        return text;
    }

    private static String read(String name) {
        try (InputStream in = Objects.requireNonNull(Scripts.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty() && (!line.startsWith("#") || line.startsWith("#!")))
                    .collect(Collectors.joining("\n", "", "\n"));
        } catch (IOException e) {
            throw new UncheckedIOException("could not read the script " + name + " from the jar of execute-fmf", e);
        }
    }
}

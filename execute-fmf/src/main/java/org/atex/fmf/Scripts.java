package org.atex.fmf;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;

/** What is run on systems. */
enum Scripts {
    /** Runs a test. */
    WRAPPER,
    /** Runs the former so that it outlives its connection. */
    DETACHED,
    /** What tests call to report and to reboot, under several names. */
    HELPER,
    /** Looks at a system before and after a test. */
    CHECKS,
    /** Installs packages. */
    INSTALL,
    /** Runs a script of a plan, and keeps what it leaves running. */
    SCRIPT,
    /** Switches features of a distribution on or off. */
    FEATURE,
    /** Applies Ansible playbooks. */
    ANSIBLE,
    /** Says which packages are installed. */
    PACKAGES;

    private final String text = read(name().toLowerCase(Locale.ROOT) + ".sh");

    String text() {
        return text;
    }

    private static String read(String name) {
        try (InputStream in = Objects.requireNonNull(Scripts.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("could not read " + name + " from our own jar", e);
        }
    }
}

package org.atex.scenario;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atex.api.Connection;
import org.atex.api.Status;
import org.jspecify.annotations.Nullable;

/**
 * One occurrence of an event, with everything that its {@link Action} may use.
 *
 * <p>Thread safety: every method may be called from any thread.
 */
public interface Occurrence {
    /** {@return the name of the event} */
    String event();

    /**
     * {@return the number of the occurrence, from 0} An occurrence during the scenario is due at its number × interval
     * after the start: so the first one of an event that does not run at the start has the number 1. An occurrence at the
     * end continues the count.
     */
    long number();

    /** {@return whether the scenario is over, and this is the occurrence at its end} */
    boolean isAtEnd();

    /** {@return the parameters of the event, unmodifiable} */
    Map<String, @Nullable Object> parameters();

    /**
     * {@return a parameter of the event}
     *
     * @param name the name of the parameter
     * @param type the type, such as {@code String.class} or {@code Number.class}
     * @param <T> the type
     * @throws IllegalArgumentException if the event has no such parameter, or it has another type
     */
    <T> T parameter(String name, Class<T> type);

    /** {@return the variables of the invocation, see {@link org.atex.api.TestInvocation}} */
    Map<String, String> environment();

    /**
     * {@return the connection to the system} Its commands have the variables of {@link #environment()}. Commands that an
     * event leaves running end with the scenario. It cannot be closed or reconnected, and if it is lost, the scenario
     * ends. It throws {@link IllegalStateException} after the end of the scenario.
     */
    Connection connection();

    /** {@return the switch that ends this occurrence; one at the end of the scenario has a switch of its own} */
    KillSwitch killSwitch();

    /**
     * Writes a result of a part of the test, before this method returns. With the status {@code fail}, {@code warn} or
     * {@code error}, the scenario fails at its end.
     *
     * @param status the status
     * @param part the name of the part, up to 1,000 characters
     * @param note a short text of one line, or null; cut to 10,000 characters
     * @throws IllegalArgumentException if the name is blank or too long
     * @throws IllegalStateException if the scenario has ended, or has reported 100,000 parts
     * @throws java.io.UncheckedIOException if the result cannot be written; the scenario ends
     */
    void report(Status status, String part, @Nullable String note);

    /**
     * Like {@link #report(Status, String, String)}, with files that belong to the part.
     *
     * {@snippet :
     * Path report = occurrence.file("sysreport", "sos.tar.xz");
     * occurrence.connection().download("/var/tmp/sos.tar.xz", report);
     * occurrence.report(Status.INFO, "sysreport", null, List.of("sos.tar.xz"));
     * }
     *
     * @param status the status
     * @param part the name of the part
     * @param note a short text of one line, or null
     * @param files the names of files, which must exist at the paths that {@link #file} returns
     * @throws IllegalArgumentException if a file does not exist, or the name is blank or too long
     * @throws IllegalStateException if the scenario has ended, or has reported 100,000 parts
     * @throws java.io.UncheckedIOException if the result cannot be written; the scenario ends
     */
    void report(Status status, String part, @Nullable String note, List<String> files);

    /**
     * {@return the local path at which an event may write a file of a part that it reports} The directory exists. The
     * size is not limited.
     *
     * @param part the name of the part
     * @param name the name of the file
     * @throws java.io.UncheckedIOException if the directory cannot be created; the scenario ends
     */
    Path file(String part, String name);
}

package org.atex.fmf;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.atex.api.AtexException;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.Rendezvous;
import org.atex.api.TestInvocation;
import org.atex.api.Topology;
import org.atex.fmf.control.ControlWord;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes the words by which a part of a test on several systems waits for the others to their {@link Rendezvous}, and
 * the answers to files on the system, for which the commands of the test wait. Thread-safe.
 */
final class Meetings {
    private static final Logger LOG = LoggerFactory.getLogger(Meetings.class);

    /** Renames the file, so that the test never reads a part of it. */
    private static final String REPLY = """
            set -e
            mkdir -p -- "$1"
            printf '%s\n' "${@:3}" >"$1/.$2"
            mv -- "$1/.$2" "$1/$2"
            """;

    private static final String ALONE = "the test does not run on several systems";

    private final Connection connection;
    private final String directory;
    private final @Nullable Rendezvous rendezvous;
    private final @Nullable Topology topology;
    private final String guest;

    Meetings(Connection connection, SystemDirectories directories, TestInvocation invocation) {
        this.connection = connection;
        this.directory = directories.replies();
        this.rendezvous = invocation.rendezvous();
        this.topology = invocation.topology();
        this.guest = topology == null ? "" : topology.guest().name();
    }

    void barrier(ControlWord.Barrier word) {
        CompletableFuture<?> passed =
                rendezvous == null ? alone() : rendezvous.barrier(guest, word.name(), word.count());
        CompletableFuture<?> unused = passed.whenComplete((nothing, failure) -> reply(word.reply(), Map.of(), failure));
    }

    void send(ControlWord.Send word) {
        if (rendezvous != null) {
            rendezvous.send(guest, word.name(), word.values());
        }
    }

    void receive(ControlWord.Wait word) {
        CompletableFuture<Map<String, String>> message =
                rendezvous == null ? alone() : rendezvous.receive(guest, word.name());
        CompletableFuture<?> unused = message.whenComplete(
                (values, failure) -> reply(word.reply(), values == null ? Map.of() : values, failure));
    }

    void checkpoint(ControlWord.Checkpoint word) {
        CompletableFuture<?> turn = rendezvous == null ? alone() : rendezvous.checkpoint(guest, word.name());
        CompletableFuture<?> unused = turn.whenComplete((nothing, failure) -> reply(word.reply(), Map.of(), failure));
    }

    void set(ControlWord.SetState word) {
        if (rendezvous != null) {
            rendezvous.setState(guest, word.state());
        }
    }

    void block(ControlWord.Block word) {
        CompletableFuture<?> open;
        try {
            open = rendezvous == null || topology == null
                    ? alone()
                    : rendezvous.awaitStates(guest, Set.copyOf(word.states()), guests(topology, word), word.any());
        } catch (IllegalArgumentException e) {
            open = CompletableFuture.failedFuture(e);
        }
        CompletableFuture<?> unused = open.whenComplete((nothing, failure) -> reply(word.reply(), Map.of(), failure));
    }

    private static Set<String> guests(Topology topology, ControlWord.Block word) {
        Set<String> guests = new LinkedHashSet<>();
        word.systems().forEach(system -> guests.add(guest(topology, system)));
        return guests;
    }

    /** Returns the name of a system of the test. */
    private static String guest(Topology topology, String nameOrAddress) {
        List<String> guests =
                topology.guests().stream().map(Topology.Guest::name).toList();
        if (guests.contains(nameOrAddress)) {
            return nameOrAddress;
        }
        List<String> found = topology.guests().stream()
                .filter(guest -> guest.hostname().equals(nameOrAddress))
                .map(Topology.Guest::name)
                .toList();
        if (found.size() == 1) {
            return found.getFirst();
        }
        String all = topology.guests().stream()
                .map(guest -> guest.name() + " (" + guest.hostname() + ")")
                .collect(Collectors.joining(", "));
        throw new IllegalArgumentException("'" + nameOrAddress + "' is "
                + (found.isEmpty() ? "no system of the test" : "the address of several systems of the test")
                + ": give the name or the address of one of " + all);
    }

    private static <T> CompletableFuture<T> alone() {
        return CompletableFuture.failedFuture(new IllegalStateException(ALONE));
    }

    /** Writes a reply, on a thread of its own: the caller reads the control stream, or is another part of the test. */
    private void reply(String name, Map<String, String> values, @Nullable Throwable failure) {
        Threads.startDaemon("reply", () -> {
            try {
                CommandResult written = connection.run(Command.bash(REPLY, arguments(name, values, failure)));
                if (!written.succeeded()) {
                    LOG.warn("could not write a reply on {}: {}: {}", connection, written.end(), written.stderr());
                }
            } catch (AtexException e) {
                // The test ends for the same reason.
                LOG.debug("could not write a reply on {}", connection, e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private String[] arguments(String name, Map<String, String> values, @Nullable Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        String[] arguments = new String[3 + values.size()];
        arguments[0] = directory;
        arguments[1] = name;
        arguments[2] = cause == null ? "ok" : String.valueOf(cause.getMessage());
        int next = 3;
        for (Map.Entry<String, String> value : values.entrySet()) {
            arguments[next++] = value.getKey() + "=" + value.getValue();
        }
        return arguments;
    }
}

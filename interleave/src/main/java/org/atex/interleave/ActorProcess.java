package org.atex.interleave;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.api.AtexException;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandFailedException;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.support.TailReader;
import org.atex.support.Threads;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;

/**
 * An actor that is a command on a system. Its processes write the word {@code checkpoint NAME} to the standard output of
 * a wrapper, and wait for a byte on the standard input of it. Its own output is the standard error of the wrapper, so it
 * cannot be taken for a word.
 */
final class ActorProcess implements Actor {
    /** Removes the helper at its end, and is therefore not replaced by the command. Exit code 125: no helper. */
    private static final String WRAPPER = """
            exec 8<&0 9>&1 </dev/null >&2
            directory=$1 helper=$2
            shift 2
            mkdir -m 755 -- "$directory" || exit 125
            trap 'rm -rf -- "$directory"' EXIT
            printf '%s' "$helper" >"$directory/atex-checkpoint" && chmod 755 "$directory/atex-checkpoint" || exit 125
            export ATEX_TEST_REPLIES=8 ATEX_TEST_CONTROL=9 PATH="$directory:$PATH"
            (exec -- "$@")
            exit
            """;

    /** Takes a lock, so that concurrent processes do not read the replies of each other. */
    private static final String HELPER = """
            #!/bin/bash
            fail() {
                printf 'atex-checkpoint: %s\\n' "$1" >&2
                exit 2
            }
            [[ $# == 1 && $1 ]] || fail "usage: atex-checkpoint NAME"
            { : <&"$ATEX_TEST_REPLIES" >&"$ATEX_TEST_CONTROL"; } 2>/dev/null ||
                fail "could not reach '$1': leave the descriptors \\$ATEX_TEST_REPLIES and \\$ATEX_TEST_CONTROL open"
            exec {lock}<"${0%/*}"
            command -v flock >/dev/null && flock "$lock"
            printf 'checkpoint %s\\n' "$1" >&"$ATEX_TEST_CONTROL"
            IFS= read -r _ <&"$ATEX_TEST_REPLIES" || fail "could not pass '$1': the order has ended"
            """;

    private static final String WORD = "checkpoint ";
    private static final int MAX_LINE = 4096;
    private static final int OUTPUT_BYTES = 8192;
    private static final int OUTPUT_LINES = 10;

    /** To kill the processes of the command, and to remove the helper. */
    private static final Duration END = Duration.ofSeconds(10);

    /** To read the rest of the channel, which a process in the background may keep open. */
    private static final Duration LAST_WORDS = Duration.ofMillis(200);

    private static final Duration REMOVAL = Duration.ofSeconds(5);

    private final String name;
    private final Connection connection;
    private final Command command;
    private final String directory = "/var/tmp/atex-actor." + UUID.randomUUID();
    private final AtomicBoolean waiting = new AtomicBoolean();
    private volatile @Nullable Thread runner;
    private volatile @Nullable TailReader output;
    private volatile @Nullable String violation;

    ActorProcess(String name, Connection connection, Command command) {
        this.name = name;
        this.connection = connection;
        this.command = command;
    }

    /**
     * Checks the command of an actor.
     *
     * @throws IllegalArgumentException if it redirects its streams, which the protocol needs
     */
    static void check(String name, Command command) {
        if (!command.stdin().equals(Input.empty())
                || !command.stdout().equals(Output.pipe())
                || !command.stderr().equals(Output.pipe())) {
            throw new IllegalArgumentException("cannot run '" + command + "' as actor " + name
                    + ": its input and its outputs are redirected; let the command redirect them on its system");
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void start(Gate gate) {
        // A platform thread, as it waits for a process.
        runner = Threads.startDaemon("actor-" + name, () -> run(gate));
    }

    private void run(Gate gate) {
        Throwable failure = null;
        try {
            perform(gate);
            gate.reach(Point.END);
        } catch (Throwable e) {
            failure = e;
        }
        gate.ended(failure);
    }

    private void perform(Gate gate) throws InterruptedException {
        @Nullable CommandEnd end = null;
        try (RunningCommand running = connection.start(wrapped())) {
            TailReader reader = TailReader.start(running.stderr(), OUTPUT_BYTES);
            output = reader;
            Thread words = Threads.startDaemon("actor-" + name + "-words", () -> follow(gate, running));
            try {
                end = running.await();
                reader.join();
                boolean unused = words.join(LAST_WORDS);
            } finally {
                running.close();
                boolean unused = Threads.join(List.of(words), END);
            }
        } catch (ConnectionLostException e) {
            throw violation == null ? new ConnectionLostException(e.getMessage() + lastOutput(), e) : failed(violation);
        } finally {
            if (!(end instanceof CommandEnd.Exited)) {
                removeHelper();
            }
        }
        if (violation != null) {
            throw failed(violation);
        }
        if (!end.succeeded()) {
            throw failed("ended with " + end);
        }
    }

    private Command wrapped() {
        List<String> arguments = new ArrayList<>(List.of("bash", "-c", WRAPPER, "atex-actor", directory, HELPER));
        arguments.addAll(command.arguments());
        return command.withArguments(arguments).withStdin(Input.pipe());
    }

    private CommandFailedException failed(String how) {
        return new CommandFailedException("'" + command + "' on " + connection + " " + how + lastOutput());
    }

    private String lastOutput() {
        List<String> lines = lastLines();
        return lines.isEmpty() ? ", without output" : "; its last output:" + Activity.text(lines);
    }

    private List<String> lastLines() {
        TailReader reader = output;
        List<String> lines = reader == null
                ? List.of()
                : reader.text().stripTrailing().lines().toList();
        return lines.subList(Math.max(0, lines.size() - OUTPUT_LINES), lines.size()).stream()
                .map(line -> "| " + printable(line))
                .toList();
    }

    /** A command that was killed has not removed it. */
    private void removeHelper() {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            boolean unused = section.attempt(() -> {
                try (RunningCommand removal = connection.start(Command.of("rm", "-rf", "--", directory))) {
                    var unusedEnd = removal.await(REMOVAL);
                }
            });
        } catch (AtexException | IllegalStateException e) {
            // The system is gone, or the connection is closed.
        }
    }

    /** Reads the words of the command to the end of its channel. */
    private void follow(Gate gate, RunningCommand running) {
        @Nullable Thread previous = null;
        try (InputStream words = new BufferedInputStream(running.stdout())) {
            for (String line = readLine(words); line != null; line = readLine(words)) {
                String checkpoint = checkpoint(line);
                if (!waiting.compareAndSet(false, true)) {
                    throw new ViolationException(
                            "reached '" + checkpoint + "' while another of its processes waited at a"
                                    + " checkpoint; make this process an actor of its own, or use atex-checkpoint");
                }
                // The reply to the previous word: it is being written, unless the command does not read it.
                if (previous != null) {
                    UninterruptibleSection.run(previous::join);
                }
                previous = Threads.start("actor-" + name + "-checkpoint", () -> reach(gate, checkpoint, running));
            }
        } catch (ViolationException e) {
            violation = e.getMessage();
            running.close();
        } catch (IOException e) {
            // The command or the connection has ended; await() tells why.
        }
    }

    private void reach(Gate gate, String checkpoint, RunningCommand running) {
        try {
            gate.reach(checkpoint);
            // Before the reply, after which the command may write its next word at once.
            waiting.set(false);
            OutputStream replies = running.stdin();
            replies.write('\n');
            replies.flush();
        } catch (InterruptedException e) {
            // The stage is closed, and interrupts the runner.
        } catch (IOException e) {
            // As in follow().
        }
    }

    private String checkpoint(String line) throws ViolationException {
        String shown = "wrote '" + printable(line) + "' to its control channel";
        if (!line.startsWith(WORD) || !line.equals(printable(line))) {
            throw new ViolationException(shown + " instead of '" + WORD + "NAME'");
        }
        try {
            return new Point(name, Point.explicit(line.substring(WORD.length()))).checkpoint();
        } catch (IllegalArgumentException e) {
            throw new ViolationException(shown + ": " + e.getMessage());
        }
    }

    /** {@return text of the command without control characters, since messages are printed to terminals} */
    private static String printable(String text) {
        return text.replaceAll("[\\p{Cntrl}&&[^\\t]]", "?");
    }

    /** {@return the next line, or null at the end of the stream; an incomplete one does not count} */
    private static @Nullable String readLine(InputStream stream) throws IOException, ViolationException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int c = stream.read(); c >= 0; c = stream.read()) {
            if (c == '\n') {
                return line.toString(UTF_8);
            }
            if (line.size() == MAX_LINE) {
                throw new ViolationException("wrote a line of more than " + MAX_LINE + " bytes to its control channel");
            }
            line.write(c);
        }
        return null;
    }

    @Override
    public void interrupt() {
        Thread started = runner;
        if (started != null) {
            started.interrupt();
        }
    }

    /** The processes are killed on another machine: this takes longer than the end of a thread. */
    @Override
    public boolean awaitEnd(Duration atMost) {
        Thread started = runner;
        return started == null || Threads.join(List.of(started), atMost.compareTo(END) < 0 ? END : atMost);
    }

    @Override
    public Activity activity() {
        return new Activity("'" + command + "' on " + connection, false, Activity.UNKNOWN, lastLines());
    }

    /** The command has broken the protocol of its channel. */
    private static final class ViolationException extends Exception {
        private static final long serialVersionUID = 1L;

        ViolationException(String message) {
            super(message);
        }
    }
}

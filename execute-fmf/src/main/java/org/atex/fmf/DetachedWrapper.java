package org.atex.fmf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.RunningCommand;
import org.atex.fmf.control.TimeLimit;
import org.atex.support.UninterruptibleSection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the wrapper of a test so that it survives the loss of its connection. Its streams continue without a gap
 * after a reconnect.
 *
 * <p>On the system, a background process (the <em>keeper</em>) owns the wrapper and spools its streams; see {@code
 * detached.sh} for the protocol. Each connection runs one <em>follower</em>, which copies the spool to this side and
 * relays orders to the keeper. This class starts followers one after the other until the keeper reports the exit code.
 *
 * <p>The wrapper is started at most once. If the connection is lost while it is being started, the next follower either
 * finds the keeper or reports that the test is lost.
 *
 * <p>Thread safety: see {@link Wrapper}.
 */
final class DetachedWrapper implements Wrapper {
    private static final Logger LOG = LoggerFactory.getLogger(DetachedWrapper.class);

    /** Exit code of {@code detached.sh} if there is no such run on the system. */
    private static final CommandEnd NO_SUCH_RUN = new CommandEnd.Exited(122);

    /** Exit code of {@code detached.sh} if the system was restarted since the run began. */
    private static final CommandEnd RESTARTED = new CommandEnd.Exited(123);

    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    /** The time that the keeper has to kill the test: it allows itself 5 seconds, plus a margin for the connection. */
    private static final Duration KILL_GRACE = Duration.ofSeconds(6);

    private static final String SCRIPT =
            "boot() {\n" + BootId.SCRIPT + "}\n" + SystemDirectories.REMOVE + Scripts.DETACHED.text();

    private final Connection connection;
    private final Command command;
    private final DetachedOptions options;
    private final TimeLimit limit;
    private final String name =
            "run." + Long.toHexString(ThreadLocalRandom.current().nextLong());
    private final GaplessStream control;
    private final GaplessStream output;
    private final KeeperChannel keeper;
    private final Lifeline lifeline = new Lifeline();
    private final CompletableFuture<CommandEnd> end = new CompletableFuture<>();
    private final Thread thread;
    private volatile boolean released;
    private volatile boolean killed;
    private volatile boolean disconnected;

    /**
     * Creates the wrapper. It starts on the system when its metadata has been written to {@link #lifeline}.
     *
     * @param connection the connection to the system
     * @param command the wrapper and its arguments, the first of which is the slot on the system
     * @param options the options of detached tests
     * @param limit the time limit of the test, which also bounds the time to restore a lost connection
     */
    DetachedWrapper(Connection connection, Command command, DetachedOptions options, TimeLimit limit) {
        this.connection = connection;
        this.command = command;
        this.options = options;
        this.limit = limit;
        control = new GaplessStream(drained -> received(drained));
        output = new GaplessStream(drained -> received(drained));
        // The keeper waits for twice reconnectWithin: eight heartbeats may be lost before it kills the test.
        keeper = new KeeperChannel(
                () -> "a " + control.count() + " " + output.count(),
                options.reconnectWithin().dividedBy(4));
        thread = Thread.ofVirtual().name("atex-detached").unstarted(this::run);
    }

    private void received(boolean drained) {
        keeper.received(drained);
    }

    private void run() {
        try {
            end.complete(followUntilEnd());
        } catch (InterruptedException e) {
            end.completeExceptionally(lost("it was closed while its connection was lost", e));
        } catch (ConnectionLostException e) {
            end.completeExceptionally(e);
        } catch (RuntimeException e) {
            end.completeExceptionally(lost("its connection cannot be used any more", e));
        } finally {
            keeper.close();
            control.finish();
            output.finish();
        }
    }

    private CommandEnd followUntilEnd() throws InterruptedException {
        Backoff backoff = new Backoff();
        for (String role = "start"; ; role = "again") { // only the first follower may start the wrapper
            Object last;
            long before = control.count() + output.count();
            try (RunningCommand follower = connection.start(command(role))) {
                last = follow(follower, role);
            } catch (ConnectionLostException e) {
                last = e;
            }
            if (last instanceof CommandEnd.Exited exited) {
                return endOf(exited);
            }
            // A signal or an exception ended the follower: the keeper and the wrapper still run.
            disconnected = true;
            keeper.connectTo(null);
            // The follower is closed, so a read in progress returns and detach does not block. From here on the counts
            // are stable, and the next follower continues at them.
            control.detach();
            output.detach();
            if (released || killed) {
                // A system that goes down, or a test that was killed, is not there to be followed again.
                throw lost("the connection was lost after the test was released or killed", last);
            }
            // Each connection that made progress gets the full time: a flaky link must not add up to a lost test.
            if (control.count() + output.count() > before) {
                backoff = new Backoff();
            }
            LOG.info("{} lost its connection and will be followed again: {}", this, reason(last));
            reconnect(backoff, last);
        }
    }

    /** Connects the streams to a follower and waits for its end. The caller closes the follower. */
    private CommandEnd follow(RunningCommand follower, String role) throws InterruptedException {
        if (role.equals("start")) {
            lifeline.sendMetadata(follower.stdin());
        }
        control.continueWith(follower.stdout());
        output.continueWith(follower.stderr());
        keeper.connectTo(follower.stdin());
        disconnected = false;
        return follower.await();
    }

    private static CommandEnd endOf(CommandEnd.Exited follower) {
        if (follower.equals(NO_SUCH_RUN)) {
            throw lost("the system has no trace of it", follower);
        }
        if (follower.equals(RESTARTED)) {
            throw lost("the system was restarted", follower);
        }
        // The script maps 128 + signal to 64 + signal: some connections report a code above 128 as a signal, which
        // would here mean that the follower was killed.
        return switch (follower.code()) {
            case 64 + 9 -> new CommandEnd.Signalled("KILL");
            case 64 + 15 -> new CommandEnd.Signalled("TERM");
            default -> follower;
        };
    }

    private void reconnect(Backoff backoff, Object last) throws InterruptedException {
        backoff.pause();
        // Only the channel may have been lost, so try a command before the whole connection is replaced.
        try (RunningCommand probe = connection.start(Command.of("true"))) {
            CommandEnd unused = probe.await();
        } catch (ConnectionLostException e) {
            Duration left = backoff.left();
            if (left.isNegative() || left.isZero()) {
                throw lost("its connection did not come back in time", last);
            }
            try {
                connection.reconnect(left);
            } catch (ConnectionLostException again) {
                LOG.debug("no connection yet: {}", again.getMessage());
            }
        }
    }

    private static ConnectionLostException lost(String what, Object why) {
        return new ConnectionLostException(
                "lost a test that ran detached: " + what + " (" + reason(why) + ")",
                why instanceof Throwable cause ? cause : null);
    }

    /** {@return the reason for a message; the cause, as the message of the exception itself quotes the whole script} */
    private static String reason(Object why) {
        if (!(why instanceof Throwable thrown)) {
            return "its follower ended with " + why;
        }
        Throwable cause = thrown.getCause() == null ? thrown : thrown.getCause();
        return String.valueOf(cause.getMessage());
    }

    /** The time limit and the growing pauses between attempts to restore one lost connection. Not thread-safe. */
    private final class Backoff {
        private final long begun = System.nanoTime();
        private Duration pause = SHORTEST_PAUSE;

        /** {@return the time left to reconnect: the lesser of that of the options and that of the test} */
        Duration left() {
            Duration left = options.reconnectWithin().minusNanos(System.nanoTime() - begun);
            return left.compareTo(limit.left()) < 0 ? left : limit.left();
        }

        void pause() throws InterruptedException {
            Thread.sleep(pause);
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    private Command command(String role) {
        List<String> wrapper = command.arguments(); // bash -c TEXT bash SLOT …
        List<String> all = new ArrayList<>(List.of("bash", "-c", SCRIPT, "atex-detached", role, wrapper.get(4), name));
        all.add(Long.toString(control.count()));
        all.add(Long.toString(output.count()));
        all.add(Long.toString(options.reconnectWithin().toSeconds() * 2));
        // Two streams, each with up to eight files.
        all.add(Long.toString(options.spoolBytes() / 16));
        if (role.equals("start")) {
            all.add(wrapper.get(2));
            all.addAll(wrapper.subList(4, wrapper.size()));
            return Command.of(all).withEnvironment(command.environment()).withStdin(Input.pipe());
        }
        return Command.of(all).withStdin(Input.pipe());
    }

    @Override
    public boolean isDisconnected() {
        return disconnected;
    }

    @Override
    public OutputStream lifeline() {
        return lifeline;
    }

    @Override
    public InputStream control() {
        return control;
    }

    @Override
    public InputStream output() {
        return output;
    }

    @Override
    public CommandEnd await() throws InterruptedException {
        try {
            return end.get();
        } catch (ExecutionException e) {
            throw unwrapped(e);
        }
    }

    @Override
    public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
        try {
            return Optional.of(end.get(TimeUnit.NANOSECONDS.convert(atMost), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            throw unwrapped(e);
        }
    }

    private static RuntimeException unwrapped(ExecutionException e) {
        return e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
    }

    /**
     * Kills the test and waits for its end, at most 12 seconds. If the connection is lost, it gives up at once: the
     * system kills the test when it has received no message for long enough.
     */
    @Override
    public void close() {
        lifeline.close();
        control.close();
        // The keeper ends only when everything was acknowledged; a closed control stream counts as received.
        keeper.received(true);
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            if (disconnected) {
                thread.interrupt();
            }
            if (!section.join(thread, KILL_GRACE)) {
                thread.interrupt();
                var unused = section.join(thread, KILL_GRACE);
            }
            keeper.close();
        }
    }

    @Override
    public String toString() {
        return name + " in " + command.arguments().get(4);
    }

    /** Standard input of the wrapper, translated into orders to the keeper. */
    private final class Lifeline extends OutputStream {
        private final ByteArrayOutputStream metadata = new ByteArrayOutputStream();
        private boolean begun;

        @Override
        public synchronized void write(int b) {
            if (begun) {
                released = true;
                keeper.order("d");
                return;
            }
            metadata.write(b);
            if (b == 0) {
                begun = true;
                thread.start();
            }
        }

        void sendMetadata(OutputStream to) {
            try {
                to.write(metadata.toByteArray());
                to.flush();
            } catch (IOException e) {
                // The connection is lost; the next follower reports that there is no such run.
            }
        }

        @Override
        public synchronized void close() {
            killed = true;
            if (begun) {
                keeper.order("k");
            } else {
                begun = true; // the thread was never started: complete the command here
                end.complete(new CommandEnd.Signalled("KILL"));
                control.finish();
                output.finish();
            }
        }
    }
}

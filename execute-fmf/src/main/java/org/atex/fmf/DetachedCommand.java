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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A test's wrapper that outlives the connection. It looks like any command, but its streams have no gap and no end when
 * the connection is lost. Its input is metadata up to a NUL, then a lifeline: a byte lets the test go, as the system goes
 * down, and the end kills it.
 *
 * <p>A test is started once at the most: when the connection is lost before it is known to run, it is either found there
 * or lost.
 *
 * <p>Thread safety: see {@link RunningCommand}.
 */
final class DetachedCommand implements RunningCommand {
    private static final Logger LOG = LoggerFactory.getLogger(DetachedCommand.class);

    /** See the script. */
    private static final CommandEnd NO_SUCH_RUN = new CommandEnd.Exited(122);

    private static final CommandEnd RESTARTED = new CommandEnd.Exited(123);

    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    /** How long the keeper has to end all of the test. */
    private static final Duration KILLING = Duration.ofSeconds(6);

    private static final String SCRIPT = "boot() {\n" + Boot.SCRIPT + "}\n" + Place.REMOVE + Scripts.DETACHED.text();

    private final Connection connection;
    private final Command command;
    private final DetachedOptions options;
    private final TimeLimit limit;
    private final String name =
            "run." + Long.toHexString(ThreadLocalRandom.current().nextLong());
    private final GaplessStream control;
    private final GaplessStream output;
    private final Words words;
    private final Lifeline lifeline = new Lifeline();
    private final CompletableFuture<CommandEnd> end = new CompletableFuture<>();
    private final Thread follower;
    private volatile boolean letGo;
    private volatile boolean killed;
    private volatile boolean cut;

    private DetachedCommand(Connection connection, Command command, DetachedOptions options, TimeLimit limit) {
        this.connection = connection;
        this.command = command;
        this.options = options;
        this.limit = limit;
        control = new GaplessStream(all -> arrived(all));
        output = new GaplessStream(all -> arrived(all));
        words = new Words(
                () -> "a " + control.count() + " " + output.count(),
                options.pickedUpWithin().dividedBy(4));
        follower = Thread.ofVirtual().name("atex-detached").unstarted(this::followToItsEnd);
    }

    /**
     * Starts a wrapper, which waits for its metadata.
     *
     * @param connection to the system
     * @param command the wrapper with its arguments, the first of which is the place on the system
     * @param options how
     * @param limit the test's, within which a lost connection must come back
     */
    static DetachedCommand start(Connection connection, Command command, DetachedOptions options, TimeLimit limit) {
        return new DetachedCommand(connection, command, options, limit);
    }

    private void arrived(boolean all) {
        words.arrived(all);
    }

    private void followToItsEnd() {
        try {
            end.complete(follow());
        } catch (InterruptedException e) {
            end.completeExceptionally(lost("nobody waits any longer for its connection", e));
        } catch (ConnectionLostException e) {
            end.completeExceptionally(e);
        } catch (RuntimeException e) {
            end.completeExceptionally(lost("its connection is of no use any more", e));
        } finally {
            words.close();
            control.finish();
            output.finish();
        }
    }

    private CommandEnd follow() throws InterruptedException {
        Patience patience = new Patience();
        for (String role = "start"; ; role = "again") {
            Object last;
            long before = control.count() + output.count();
            try (RunningCommand part = connection.start(command(role))) {
                last = follow(part, role);
            } catch (ConnectionLostException e) {
                last = e;
            }
            if (last instanceof CommandEnd.Exited exited) {
                return checked(exited);
            }
            cut = true;
            words.to(null);
            control.drop();
            output.drop();
            if (letGo || killed) {
                throw lost("it is gone with its connection", last);
            }
            if (control.count() + output.count() > before) {
                patience = new Patience();
            }
            LOG.info("{} lost its connection and will be picked up: {}", this, reason(last));
            reconnect(patience, last);
        }
    }

    /** The part is closed by the caller, and everything in it is read only if it has an end. */
    private CommandEnd follow(RunningCommand part, String role) throws InterruptedException {
        if (role.equals("start")) {
            lifeline.sendMetadata(part.stdin());
        }
        control.goOnWith(part.stdout());
        output.goOnWith(part.stderr());
        words.to(part.stdin());
        cut = false;
        return part.await();
    }

    private static CommandEnd checked(CommandEnd.Exited now) {
        if (now.equals(NO_SUCH_RUN)) {
            throw lost("nothing of it is left on the system", now);
        }
        if (now.equals(RESTARTED)) {
            throw lost("the system was restarted", now);
        }
        return switch (now.code()) {
            case 64 + 9 -> new CommandEnd.Signalled("KILL");
            case 64 + 15 -> new CommandEnd.Signalled("TERM");
            default -> now;
        };
    }

    private void reconnect(Patience patience, Object last) throws InterruptedException {
        patience.pause();
        try (RunningCommand probe = connection.start(Command.of("true"))) {
            CommandEnd unused = probe.await();
        } catch (ConnectionLostException e) {
            Duration left = patience.left();
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

    /** What a connection says of a command that it lost has the whole command in it. */
    private static String reason(Object why) {
        if (!(why instanceof Throwable thrown)) {
            return "what followed it ended with " + why;
        }
        Throwable cause = thrown.getCause() == null ? thrown : thrown.getCause();
        return String.valueOf(cause.getMessage());
    }

    /** How long to go on for one connection that was lost, and in which steps. For one thread. */
    private final class Patience {
        private final long begun = System.nanoTime();
        private Duration pause = SHORTEST_PAUSE;

        Duration left() {
            Duration left = options.pickedUpWithin().minusNanos(System.nanoTime() - begun);
            return left.compareTo(limit.left()) < 0 ? left : limit.left();
        }

        void pause() throws InterruptedException {
            Thread.sleep(pause);
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    private Command command(String role) {
        List<String> wrapper = command.arguments(); // bash -c TEXT bash PLACE …
        List<String> all = new ArrayList<>(List.of("bash", "-c", SCRIPT, "atex-detached", role, wrapper.get(4), name));
        all.add(Long.toString(control.count()));
        all.add(Long.toString(output.count()));
        all.add(Long.toString(options.pickedUpWithin().toSeconds() * 2));
        all.add(Long.toString(options.spoolBytes() / 16));
        if (role.equals("start")) {
            all.add(wrapper.get(2));
            all.addAll(wrapper.subList(4, wrapper.size()));
            return Command.of(all).withEnvironment(command.environment()).withStdin(Input.pipe());
        }
        return Command.of(all).withStdin(Input.pipe());
    }

    /** {@return whether there is no connection to it just now} */
    boolean isCut() {
        return cut;
    }

    @Override
    public OutputStream stdin() {
        return lifeline;
    }

    @Override
    public InputStream stdout() {
        return control;
    }

    @Override
    public InputStream stderr() {
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

    /** Over a lost connection, nothing can be ended: its system does that when it has heard nothing of us for long enough. */
    @Override
    public void close() {
        lifeline.close();
        control.close();
        words.arrived(true);
        boolean interrupted = Thread.interrupted();
        if (cut) {
            follower.interrupt();
        }
        interrupted |= !joined(follower);
        follower.interrupt();
        interrupted |= !joined(follower);
        words.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for a while, whatever happens. {@return whether it was not interrupted meanwhile} */
    private static boolean joined(Thread thread) {
        long deadline = System.nanoTime() + KILLING.toNanos();
        boolean interrupted = false;
        while (true) {
            try {
                boolean unused = thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
                return !interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    @Override
    public String toString() {
        return name + " in " + command.arguments().get(4);
    }

    /** What the wrapper's input means to the keeper. */
    private final class Lifeline extends OutputStream {
        private final ByteArrayOutputStream metadata = new ByteArrayOutputStream();
        private boolean begun;

        @Override
        public synchronized void write(int b) {
            if (begun) {
                letGo = true;
                words.order("d");
                return;
            }
            metadata.write(b);
            if (b == 0) {
                begun = true;
                follower.start();
            }
        }

        void sendMetadata(OutputStream to) {
            try {
                to.write(metadata.toByteArray());
                to.flush();
            } catch (IOException e) {
                // Lost; it will not be found there.
            }
        }

        @Override
        public synchronized void close() {
            killed = true;
            if (begun) {
                words.order("k");
            } else {
                begun = true;
                end.complete(new CommandEnd.Signalled("KILL"));
                control.finish();
                output.finish();
            }
        }
    }
}

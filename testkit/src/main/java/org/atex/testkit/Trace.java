package org.atex.testkit;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.RunningCommand;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/**
 * Records the calls that the tests of a contract make. The failure of a test then shows the rule, the last calls with
 * their arguments, and the result or the duration of each.
 *
 * <p>Thread safety: every method may be called from any thread.
 */
final class Trace implements TestExecutionExceptionHandler {
    /** The number of calls that a failure shows. */
    private static final int MAX_CALLS = 10;

    /** The number of characters of a call that a failure shows; some arguments have 50,000. */
    private static final int MAX_LENGTH = 300;

    private final Deque<Entry> entries = new ArrayDeque<>();

    private static final class Entry {
        private final String call;
        private final long begun = System.nanoTime();
        private volatile @Nullable String end;

        Entry(String call) {
            this.call = call.length() > MAX_LENGTH ? call.substring(0, MAX_LENGTH) + "…" : call;
        }

        void end(String how) {
            end = how + " after " + elapsed();
        }

        private String elapsed() {
            return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun) + " ms";
        }

        @Override
        public String toString() {
            String how = end;
            return call + " " + (how == null ? "has not returned for " + elapsed() : how);
        }
    }

    private interface Work<T extends @Nullable Object> {
        T run() throws InterruptedException;
    }

    private interface Action {
        void run() throws InterruptedException;
    }

    private <T extends @Nullable Object> T traced(String call, Work<T> work) throws InterruptedException {
        Entry entry = begin(call);
        try {
            T result = work.run();
            entry.end("returned " + (result == null ? "" : result));
            return result;
        } catch (InterruptedException | RuntimeException | Error e) {
            entry.end("threw " + e);
            throw e;
        }
    }

    private void done(String call, Action work) throws InterruptedException {
        Entry entry = begin(call);
        try {
            work.run();
            entry.end("returned");
        } catch (InterruptedException | RuntimeException | Error e) {
            entry.end("threw " + e);
            throw e;
        }
    }

    private void uninterrupted(String call, Runnable work) {
        try {
            done(call, work::run);
        } catch (InterruptedException e) {
            throw new AssertionError(call + " threw an InterruptedException that it does not declare", e);
        }
    }

    private synchronized Entry begin(String call) {
        Entry entry = new Entry(call);
        entries.addLast(entry);
        if (entries.size() > MAX_CALLS) {
            entries.removeFirst();
        }
        return entry;
    }

    private synchronized List<Entry> calls() {
        return List.copyOf(entries);
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        // A failed assumption: the test is skipped, and its message must stay as it is.
        if (failure instanceof TestAbortedException) {
            throw failure;
        }
        throw new AssertionError(message(context.getRequiredTestMethod().getName(), failure), failure);
    }

    /** {@return the message for a failure} */
    String message(String test, Throwable failure) {
        StringBuilder message = new StringBuilder("rule ")
                .append(test.substring(0, 3).toUpperCase(Locale.ROOT))
                .append(" of docs/contract.md is violated (")
                .append(test.substring(4))
                .append("): ")
                .append(failure instanceof AssertionError ? String.valueOf(failure.getMessage()) : failure)
                .append("\nThe last calls, in order:");
        calls().forEach(call -> message.append("\n  ").append(call));
        return message.toString();
    }

    /** {@return a connection that delegates to another one and records its calls} */
    Connection of(Connection connection) {
        return new TracedConnection(connection);
    }

    /** {@return a provisioner that delegates to another one and records its calls} */
    Provisioner of(Provisioner provisioner) {
        return new TracedProvisioner(provisioner);
    }

    /** Returns the connection of the implementation under test, without the recording. */
    static Connection original(Connection connection) {
        return connection instanceof TracedConnection traced ? traced.original : connection;
    }

    private final class TracedConnection implements Connection {
        private final Connection original;

        TracedConnection(Connection original) {
            this.original = original;
        }

        @Override
        public boolean isThisMachine() {
            return original.isThisMachine();
        }

        @Override
        public List<String> loginCommand() {
            return original.loginCommand();
        }

        @Override
        public RunningCommand start(Command command) throws InterruptedException {
            return new TracedCommand(command, traced("start('" + command + "')", () -> original.start(command)));
        }

        @Override
        public CommandResult run(Command command) throws InterruptedException {
            return traced("run('" + command + "')", () -> original.run(command));
        }

        @Override
        public void upload(Path source, String target) throws InterruptedException {
            done("upload(" + source + ", " + target + ")", () -> original.upload(source, target));
        }

        @Override
        public void download(String source, Path target) throws InterruptedException {
            done("download(" + source + ", " + target + ")", () -> original.download(source, target));
        }

        @Override
        public void reconnect(Duration within) throws InterruptedException {
            done("reconnect(" + within + ")", () -> original.reconnect(within));
        }

        @Override
        public void close() {
            uninterrupted("close() of the connection", original::close);
        }

        @Override
        public String toString() {
            return original.toString();
        }
    }

    private final class TracedCommand implements RunningCommand {
        private final Command command;
        private final RunningCommand original;

        TracedCommand(Command command, RunningCommand original) {
            this.command = command;
            this.original = original;
        }

        @Override
        public OutputStream stdin() {
            return original.stdin();
        }

        @Override
        public InputStream stdout() {
            return original.stdout();
        }

        @Override
        public InputStream stderr() {
            return original.stderr();
        }

        @Override
        public CommandEnd await() throws InterruptedException {
            return traced("await() of '" + command + "'", () -> original.await());
        }

        @Override
        public Optional<CommandEnd> await(Duration atMost) throws InterruptedException {
            return traced("await(" + atMost + ") of '" + command + "'", () -> original.await(atMost));
        }

        @Override
        public void close() {
            uninterrupted("close() of '" + command + "'", original::close);
        }

        @Override
        public String toString() {
            return original.toString();
        }
    }

    private final class TracedProvisioner implements Provisioner {
        private final Provisioner original;

        TracedProvisioner(Provisioner original) {
            this.original = original;
        }

        @Override
        public void provision(int count) {
            uninterrupted("provision(" + count + ")", () -> original.provision(count));
        }

        @Override
        public Offer take(Duration atMost) throws InterruptedException {
            return traced("take(" + atMost + ")", () -> original.take(atMost));
        }

        @Override
        public void clear() {
            uninterrupted("clear()", original::clear);
        }

        @Override
        public int maxSystems() {
            return original.maxSystems();
        }

        @Override
        public Map<String, String> labels() {
            return original.labels();
        }

        @Override
        public void close() {
            uninterrupted("close() of the provisioner", original::close);
        }

        @Override
        public String toString() {
            return original.toString();
        }
    }
}

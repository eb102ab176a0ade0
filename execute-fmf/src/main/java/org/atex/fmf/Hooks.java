package org.atex.fmf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Outcome;
import org.atex.api.Output;
import org.atex.api.ReportedResult;
import org.atex.api.RunningCommand;
import org.atex.api.Status;
import org.atex.api.TestEnd;
import org.atex.api.TransferException;
import org.atex.artifacts.FreeSpace;
import org.atex.artifacts.SafePath;
import org.atex.fmf.control.StorageException;
import org.atex.support.LimitedCall;
import org.jspecify.annotations.Nullable;

/**
 * Calls the hooks of one test. Each call runs in a separate thread with a time limit. Instances are not thread-safe.
 */
final class Hooks {
    /** The name of the file with the output of a collected command. */
    private static final String COLLECTED = "output.txt";

    private final FmfOptions options;
    private final FmfTest test;
    private final Connection connection;
    private final Artifacts artifacts;
    private final ReportReceiver results;

    Hooks(FmfOptions options, FmfTest test, Connection connection, Artifacts artifacts, ReportReceiver results) {
        this.options = options;
        this.test = test;
        this.connection = connection;
        this.artifacts = artifacts;
        this.results = results;
    }

    /** One of the two methods of a hook. */
    @FunctionalInterface
    private interface HookMethod {
        void call(TestHook.Moment moment) throws Exception;
    }

    /**
     * A failed call of a hook.
     *
     * @param note the reason, for messages
     * @param systemUsable false if a thread of the hook may still be using the system
     */
    private record HookFailure(String note, boolean systemUsable) {}

    /** Calls the hooks before the test. {@return the end of the test if a hook failed; otherwise null} */
    @Nullable
    TestEnd before() throws InterruptedException, StorageException {
        for (TestHook hook : options.hooks()) {
            HookFailure failure = call("a hook before it", hook, hook::before);
            if (failure != null) {
                return new TestEnd(Outcome.SETUP_FAILED, null, failure.note, failure.systemUsable);
            }
        }
        return null;
    }

    /** Calls the hooks after the test. {@return the given end; with an unusable system if a hook was abandoned} */
    TestEnd after(TestEnd end) throws InterruptedException, StorageException {
        boolean usable = end.systemUsable();
        for (TestHook hook : options.hooks()) {
            HookFailure failure;
            try {
                failure = call("a hook after it", hook, moment -> hook.after(moment, end));
            } catch (ConnectionLostException e) {
                failure = new HookFailure("a hook after it failed: " + e, false);
            }
            if (failure != null) {
                results.add(
                        ReportedResult.of(Status.ERROR, failure.note, List.of()).withName("hook"));
                usable &= failure.systemUsable;
            }
        }
        return end.withSystemUsable(usable);
    }

    private @Nullable HookFailure call(String name, TestHook hook, HookMethod method)
            throws InterruptedException, StorageException {
        HookCall call = new HookCall();
        HookFailure failure = null;
        try {
            var unused = LimitedCall.of("atex-hook", options.hookWithin(), () -> {
                method.call(call);
                return true;
            });
        } catch (LimitedCall.NotInTimeException e) {
            failure = new HookFailure(
                    name + ", " + hook.getClass().getName() + ", " + e.getMessage()
                            + " (FmfOptions.withHookWithin sets the limit)",
                    !e.abandoned());
        } catch (LimitedCall.Failure e) {
            if (e.thrown() instanceof ConnectionLostException lost) {
                throw lost;
            }
            failure = new HookFailure(name + " failed: " + e.describe(), true);
        } finally {
            call.end();
        }
        // A full disk on this machine is no fault of the hook, so it takes precedence over the hook's own failure.
        StorageException notStored = call.notStored;
        if (notStored != null) {
            throw notStored;
        }
        return failure;
    }

    /**
     * The view of a test during one call of a hook. After the call it refuses all changes, so that an abandoned hook
     * cannot add results.
     */
    private final class HookCall implements TestHook.Moment {
        // Guards results: an abandoned hook may report at the very moment at which its call ends.
        private final ReentrantLock lock = new ReentrantLock();
        private volatile boolean ended;
        private volatile @Nullable StorageException notStored;

        void end() {
            lock.lock();
            try {
                ended = true;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public FmfTest test() {
            return test;
        }

        @Override
        public Connection connection() {
            return connection;
        }

        @Override
        public void report(Status status, String name, String note) {
            add(status, name, note, List.of());
        }

        @Override
        public void collect(String name, Command command) throws InterruptedException {
            Path file = artifacts.files().resolve(SafePath.ofFile(name, COLLECTED));
            requireActive();
            try {
                Files.createDirectories(file.resolveSibling(""));
            } catch (IOException e) {
                throw cannotStore(new StorageException("the output of '" + command + "'", e));
            }
            Command toFile = command.withStdout(Output.file(file)).withStderr(Output.merge());
            CommandEnd end;
            try (RunningCommand running = connection.start(toFile)) {
                end = running.await();
            } catch (TransferException e) {
                requireRoom(command);
                throw e;
            }
            if (!end.succeeded()) {
                requireRoom(command);
            }
            add(
                    end.succeeded() ? Status.INFO : Status.WARN,
                    name,
                    end.succeeded() ? "" : end.toString(),
                    List.of(COLLECTED));
        }

        /**
         * Distinguishes a full disk from a failed command: on this machine the command writes to the file itself, so a
         * full disk appears as its own failure.
         */
        private void requireRoom(Command command) {
            try {
                FreeSpace.require(artifacts.directory());
            } catch (IOException e) {
                throw cannotStore(new StorageException("the output of '" + command + "'", e));
            }
        }

        private void requireActive() {
            if (ended) {
                throw new IllegalStateException("the hook of " + test.name()
                        + " has ended: a hook can add results only until it returns or is abandoned");
            }
        }

        private void add(Status status, String name, String note, List<String> files) {
            lock.lock();
            try {
                requireActive();
                results.add(ReportedResult.of(status, note.isEmpty() ? null : note, files)
                        .withName(name));
            } catch (StorageException e) {
                throw cannotStore(e);
            } finally {
                lock.unlock();
            }
        }

        /**
         * Records the failure and returns an unchecked exception, as methods of hooks do not declare the checked one.
         */
        private IllegalStateException cannotStore(StorageException e) {
            notStored = e;
            return new IllegalStateException(e.getMessage(), e);
        }
    }
}

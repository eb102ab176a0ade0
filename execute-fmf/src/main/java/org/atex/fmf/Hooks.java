package org.atex.fmf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
import org.jspecify.annotations.Nullable;

/** Calls the hooks of one test, each with a limit. For one thread; each call has a thread of its own. */
final class Hooks {
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

    /** What a hook is called for. */
    @FunctionalInterface
    private interface Purpose {
        void call(TestHook.Moment moment) throws Exception;
    }

    /**
     * What went wrong.
     *
     * @param note what, for people
     * @param systemUsable whether nothing of the hook is left on the system
     */
    private record Trouble(String note, boolean systemUsable) {}

    /** {@return how the test ends that must not start, or null} */
    @Nullable
    TestEnd before() throws InterruptedException, StorageException {
        for (TestHook hook : options.hooks()) {
            Trouble trouble = call("a hook before it", hook, hook::before);
            if (trouble != null) {
                return new TestEnd(Outcome.SETUP_FAILED, null, trouble.note, trouble.systemUsable);
            }
        }
        return null;
    }

    /** {@return the end that it is given, on a system that is of no use any more if a hook left it like that} */
    TestEnd after(TestEnd end) throws InterruptedException, StorageException {
        boolean usable = end.systemUsable();
        for (TestHook hook : options.hooks()) {
            Trouble trouble;
            try {
                trouble = call("a hook after it", hook, moment -> hook.after(moment, end));
            } catch (ConnectionLostException e) {
                trouble = new Trouble("a hook after it failed: " + e, false);
            }
            if (trouble != null) {
                results.add(new ReportedResult(Status.ERROR, "hook", trouble.note, List.of(), Map.of()));
                usable &= trouble.systemUsable;
            }
        }
        return usable == end.systemUsable() ? end : new TestEnd(end.outcome(), end.exitCode(), end.note(), usable);
    }

    private @Nullable Trouble call(String what, TestHook hook, Purpose purpose)
            throws InterruptedException, StorageException {
        Visit visit = new Visit();
        Trouble trouble = null;
        try {
            var unused = LimitedCall.of("atex-hook", options.hookWithin(), () -> {
                purpose.call(visit);
                return true;
            });
        } catch (LimitedCall.NotInTimeException e) {
            trouble = new Trouble(
                    what + ", " + hook.getClass().getName() + ", " + e.getMessage()
                            + " (FmfOptions.withHookWithin sets the limit)",
                    !e.abandoned());
        } catch (LimitedCall.Failure e) {
            if (e.thrown() instanceof ConnectionLostException lost) {
                throw lost;
            }
            trouble = new Trouble(what + " failed: " + e.words(), true);
        } finally {
            visit.end();
        }
        StorageException notStored = visit.notStored;
        if (notStored != null) {
            throw notStored;
        }
        return trouble;
    }

    /** One call of a hook. When it is over, a hook that goes on can do no more harm to the results. */
    private final class Visit implements TestHook.Moment {
        private final ReentrantLock lock = new ReentrantLock();
        private volatile boolean over;
        private volatile @Nullable StorageException notStored;

        void end() {
            lock.lock();
            try {
                over = true;
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
            requireGoingOn();
            try {
                Files.createDirectories(file.resolveSibling(""));
            } catch (IOException e) {
                throw cannotStore(new StorageException("what '" + command + "' wrote", e));
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

        /** On this machine, the command itself writes to the file, and fails when the disk is full. */
        private void requireRoom(Command command) {
            try {
                FreeSpace.require(artifacts.directory());
            } catch (IOException e) {
                throw cannotStore(new StorageException("what '" + command + "' wrote", e));
            }
        }

        private void requireGoingOn() {
            if (over) {
                throw new IllegalStateException("the hook of " + test.name()
                        + " is over: a hook may use what it was given only until it returns, or is abandoned");
            }
        }

        private void add(Status status, String name, String note, List<String> files) {
            lock.lock();
            try {
                requireGoingOn();
                results.add(new ReportedResult(status, name, note.isEmpty() ? null : note, files, Map.of()));
            } catch (StorageException e) {
                throw cannotStore(e);
            } finally {
                lock.unlock();
            }
        }

        /** Passes through hooks, which know nothing of it. */
        private IllegalStateException cannotStore(StorageException e) {
            notStored = e;
            return new IllegalStateException(e.getMessage(), e);
        }
    }
}

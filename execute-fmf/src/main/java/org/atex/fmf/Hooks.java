package org.atex.fmf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.api.Status;
import org.atex.api.TestEnd;
import org.atex.api.TestResult;
import org.atex.artifacts.SafePath;
import org.atex.fmf.control.ReportedResults;
import org.atex.fmf.control.StorageException;
import org.jspecify.annotations.Nullable;

/** Calls the hooks of one test. For one thread. */
final class Hooks implements TestHook.Moment {
    private static final String COLLECTED = "output.txt";

    private final List<TestHook> hooks;
    private final FmfTest test;
    private final Connection connection;
    private final Artifacts artifacts;
    private final ReportedResults results;

    Hooks(List<TestHook> hooks, FmfTest test, Connection connection, Artifacts artifacts, ReportedResults results) {
        this.hooks = hooks;
        this.test = test;
        this.connection = connection;
        this.artifacts = artifacts;
        this.results = results;
    }

    /** {@return why the test must not start, or null} */
    @Nullable
    String before() throws InterruptedException, StorageException {
        for (TestHook hook : hooks) {
            try {
                hook.before(this);
            } catch (ConnectionLostException e) {
                throw e;
            } catch (CannotStoreException e) {
                throw e.cause;
            } catch (RuntimeException e) {
                return "a hook before it failed: " + e;
            }
        }
        return null;
    }

    void after(TestEnd end) throws InterruptedException, StorageException {
        for (TestHook hook : hooks) {
            try {
                hook.after(this, end);
            } catch (CannotStoreException e) {
                throw e.cause;
            } catch (RuntimeException e) {
                results.add(new TestResult(Status.ERROR, "hook", "a hook after it failed: " + e, List.of(), Map.of()));
            }
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
        try {
            Files.createDirectories(file.resolveSibling(""));
        } catch (IOException e) {
            throw new CannotStoreException(new StorageException("what '" + command + "' wrote", e));
        }
        Command toFile = command.withStdout(Output.file(file)).withStderr(Output.merge());
        CommandEnd end;
        try (RunningCommand running = connection.start(toFile)) {
            end = running.await();
        }
        add(
                end.succeeded() ? Status.INFO : Status.WARN,
                name,
                end.succeeded() ? "" : end.toString(),
                List.of(COLLECTED));
    }

    private void add(Status status, String name, String note, List<String> files) {
        try {
            results.add(new TestResult(status, name, note.isEmpty() ? null : note, files, Map.of()));
        } catch (StorageException e) {
            throw new CannotStoreException(e);
        }
    }

    /** Passes through hooks, which know nothing of it. */
    private static final class CannotStoreException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @SuppressWarnings("serial")
        private final StorageException cause;

        CannotStoreException(StorageException cause) {
            super(cause);
            this.cause = cause;
        }
    }
}

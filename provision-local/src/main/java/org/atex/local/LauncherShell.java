package org.atex.local;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.atex.api.Command;
import org.atex.local.LauncherProgram.Redirections;
import org.atex.support.Closeables;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;

/**
 * A resident shell that starts one command at a time. A fork of a small shell takes a fraction of the time that the JVM
 * takes to start a process, and needs no further program to create a session: all commands of the shell run in its
 * session, one after the other. The protocol is described in {@code launcher.sh}.
 *
 * <p>Lifecycle: {@link #open} returns when the shell accepts requests. A request may be sent when the previous one has
 * ended. {@link #close} ends the shell, but not the command that it may still run.
 *
 * <p>Thread safety: one thread at a time sends requests; any thread may call {@link #close}.
 */
final class LauncherShell implements AutoCloseable {
    private static final long EXIT_TIMEOUT_SECONDS = 5;
    private static final int LENGTH_DIGITS = 8;
    private static final long READY_TIMEOUT_SECONDS = 30;

    private final LauncherProgram program;
    private final Process shell;
    private final OutputStream requests;
    private volatile @Nullable Request current;
    private volatile boolean ended;

    /** A request to the shell. */
    static final class Request {
        /** The process id of the command, completed when it runs; exceptionally if it ends before. */
        final CompletableFuture<Long> started = new CompletableFuture<>();

        /** The exit code of the script, or 128 plus the number of a signal; exceptionally if the shell has ended. */
        final CompletableFuture<Integer> ended = new CompletableFuture<>();
    }

    private LauncherShell(LauncherProgram program, Process shell) {
        this.program = program;
        this.shell = shell;
        this.requests = shell.getOutputStream();
    }

    /**
     * Starts a shell.
     *
     * @param setsid the absolute path of the program that creates a session
     * @param program the program that starts commands
     * @param path its absolute path
     * @throws IOException if the shell cannot be started, or is too old
     * @throws InterruptedException if interrupted; the shell has been ended
     */
    static LauncherShell open(String setsid, LauncherProgram program, String path)
            throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(setsid));
        line.addAll(program.line(path));
        ProcessBuilder builder = new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().keySet().removeAll(program.omittedVariables());
        LauncherShell shell = new LauncherShell(program, builder.start());
        CompletableFuture<Boolean> ready = new CompletableFuture<>();
        // Not from a thread pool: it reads until the shell ends.
        Thread.ofPlatform().daemon().name("atex-local-launcher").start(() -> shell.readAnswers(ready));
        try {
            shell.write(program.script());
            if (!ready.get(READY_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException(path + " ended before it was ready");
            }
            return shell;
        } catch (IOException | InterruptedException e) {
            shell.close();
            throw e;
        } catch (TimeoutException e) {
            shell.close();
            throw new IOException(path + " was not ready within " + READY_TIMEOUT_SECONDS + " s", e);
        } catch (ExecutionException e) {
            throw new AssertionError("never completed exceptionally", e);
        }
    }

    private void readAnswers(CompletableFuture<Boolean> ready) {
        try (BufferedReader answers = shell.inputReader(US_ASCII)) {
            for (@Nullable String line; (line = answers.readLine()) != null; ) {
                if (line.equals("ready")) {
                    ready.complete(true);
                } else {
                    handle(line, current);
                }
            }
        } catch (IOException | NumberFormatException e) {
            // The shell has ended, or another process has written to its output.
        }
        ended = true;
        ready.complete(false);
        Request request = current;
        if (request != null) {
            lose(request);
        }
    }

    private void handle(String line, @Nullable Request request) {
        if (request == null) {
            return;
        }
        if (line.startsWith("started ")) {
            request.started.complete(Long.parseLong(line.substring("started ".length())));
        } else if (line.equals("refused")) {
            current = null;
            RefusedException refused = new RefusedException();
            request.started.completeExceptionally(refused);
            request.ended.completeExceptionally(refused);
        } else if (line.startsWith("ended ")) {
            current = null;
            int code = Integer.parseInt(line.substring("ended ".length()));
            request.started.completeExceptionally(new IOException("ended with the code " + code + " before"));
            request.ended.complete(code);
        }
    }

    /** The program cannot start this command, but another one may. */
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;
    }

    private static void lose(Request request) {
        IOException cause = new IOException("its parent process, a shell of this program, was killed");
        request.started.completeExceptionally(cause);
        request.ended.completeExceptionally(cause);
    }

    /** {@return the process id, which is also the id of the session of all commands} */
    long pid() {
        return shell.pid();
    }

    /** {@return whether the shell accepts another request} */
    boolean isReady() {
        return !ended && current == null;
    }

    /** {@return the program} */
    LauncherProgram program() {
        return program;
    }

    /**
     * Starts a command.
     *
     * @param command the command; its standard streams are ignored
     * @param streams its standard streams
     * @param mark its mark
     * @throws IOException if the shell has ended; the command has not been started
     */
    Request send(Command command, Redirections streams, String mark) throws IOException {
        Request request = new Request();
        current = request;
        write(program.request(command, streams, mark));
        if (ended) {
            lose(request); // the thread that reads may have ended before the assignment
        }
        return request;
    }

    private void write(byte[] message) throws IOException {
        String length = Integer.toString(message.length);
        requests.write(("0".repeat(LENGTH_DIGITS - length.length()) + length).getBytes(US_ASCII));
        requests.write(message);
        requests.flush();
    }

    /** Ends the shell. Waits for it, 5 s at most, if it runs no command. */
    @Override
    public void close() {
        Closeables.closeQuietly(requests); // the shell ends when its input ends
        if (!isReady() && !ended) {
            shell.toHandle().destroyForcibly(); // it waits for a command that cannot be killed
        }
        UninterruptibleSection.run(() -> {
            if (!shell.waitFor(EXIT_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                shell.toHandle().destroyForcibly();
            }
        });
    }

    @Override
    public String toString() {
        return "shell " + pid();
    }
}

package org.atex.local;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
    private static final String SCRIPT = script();

    // The script is not an argument, as "pkill -f" compares its pattern with arguments.
    private static final String READ_SCRIPT = "IFS= builtin read -r -N 8 __atex_length"
            + " && IFS= builtin read -r -N \"$__atex_length\" __atex_request && builtin eval \"$__atex_request\"";

    // Variables that change how bash works. Commands get them nevertheless, see environmentOfCommands().
    private static final Set<String> INFLUENTIAL = Set.of(
            "BASHOPTS",
            "BASHPID",
            "BASH_COMPAT",
            "BASH_ENV",
            "BASH_VERSINFO",
            "BASH_XTRACEFD",
            "ENV",
            "EUID",
            "EXECIGNORE",
            "GLOBIGNORE",
            "GROUPS",
            "IFS",
            "LC_ALL",
            "POSIXLY_CORRECT",
            "PPID",
            "SHELLOPTS",
            "UID");

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

    private LauncherShell(Process shell) {
        this.shell = shell;
        this.requests = shell.getOutputStream();
    }

    /**
     * Starts a shell.
     *
     * @param setsid the absolute path of the program
     * @param bash the absolute path of bash
     * @throws IOException if the shell cannot be started, or is too old
     * @throws InterruptedException if interrupted; the shell has been ended
     */
    static LauncherShell open(String setsid, String bash) throws IOException, InterruptedException {
        Map<String, String> environment = System.getenv();
        String added = Stream.of("PWD", "OLDPWD", "SHLVL")
                .filter(name -> !environment.containsKey(name))
                .collect(Collectors.joining(" "));
        ProcessBuilder builder = new ProcessBuilder(
                        setsid, bash, "-c", READ_SCRIPT, "atex-launcher", added, environment.getOrDefault("SHLVL", ""))
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().keySet().removeAll(INFLUENTIAL);
        LauncherShell shell = new LauncherShell(builder.start());
        CompletableFuture<Boolean> ready = new CompletableFuture<>();
        // Not from a thread pool: it reads until the shell ends.
        Thread.ofPlatform().daemon().name("atex-local-launcher").start(() -> shell.readAnswers(ready));
        try {
            shell.write(SCRIPT);
            if (!ready.get()) {
                throw new IOException(bash + " ended before it was ready");
            }
            return shell;
        } catch (IOException | InterruptedException e) {
            shell.close();
            throw e;
        } catch (ExecutionException e) {
            throw new AssertionError("never completed exceptionally", e);
        }
    }

    private static String script() {
        try (InputStream script = LauncherShell.class.getResourceAsStream("launcher.sh")) {
            if (script == null) {
                throw new IllegalStateException(
                        "launcher.sh is missing next to the classes of provision-local (was the jar repackaged?)");
            }
            return new String(script.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the variables of this program that the shell does not have, but that its commands must get} */
    static Map<String, String> environmentOfCommands() {
        Map<String, String> environment = new TreeMap<>(System.getenv());
        environment.keySet().retainAll(INFLUENTIAL);
        return environment;
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
        } else if (line.startsWith("ended ")) {
            current = null;
            int code = Integer.parseInt(line.substring("ended ".length()));
            request.started.completeExceptionally(new IOException("ended with the code " + code + " before"));
            request.ended.complete(code);
        }
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

    /**
     * Runs a script in a subshell.
     *
     * @param script the script, in ASCII
     * @throws IOException if the shell has ended; the script has not been run
     */
    Request send(String script) throws IOException {
        Request request = new Request();
        current = request;
        write(script);
        if (ended) {
            lose(request); // the thread that reads may have ended before the assignment
        }
        return request;
    }

    /**
     * {@return a request that runs a command}
     *
     * @param redirections the redirections of its standard streams
     * @param script turns the subshell into the command
     */
    static String request(String redirections, String script) {
        // Redirections of groups, since those of "builtin exec" do not last.
        return "{\nbuiltin echo \"started $BASHPID\" >&\"$__atex_answers\"\n{\n" + script + "} {__atex_answers}>&-\n} "
                + redirections + "\n";
    }

    private void write(String script) throws IOException {
        String length = Integer.toString(script.length());
        requests.write(("0".repeat(LENGTH_DIGITS - length.length()) + length + script).getBytes(US_ASCII));
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

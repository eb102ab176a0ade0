package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.atex.support.Closeables;
import org.atex.support.Deadline;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;

/**
 * A shell that stays in a container and starts commands on request. This takes about a thousandth of the time of
 * {@code podman exec}. Commands inherit everything that {@code podman exec} gave to the shell, since they are its
 * children. They keep running if the shell is killed.
 *
 * <p>The protocol is described in {@code resident.sh}: requests are lines on the standard input of the shell, answers
 * are lines on its standard output. Answers carry the number of their request, so any number of requests can be
 * pending.
 *
 * <p>Lifecycle: {@link #ready} completes when the shell accepts requests; {@link #use} must be called before the first
 * request. {@link #close} ends all commands of the connection and the shell.
 *
 * <p>Thread safety: safe for use from any thread.
 */
final class ResidentShell implements Closeable {
    private static final long ANSWER_SECONDS = 5;
    // Creating named pipes costs a process in the container, so they are created for several commands at once.
    private static final int PIPES_PER_REQUEST = 8;
    private static final String NO_MATCH = "^no-such";

    private final PodmanHost host;
    private final ShellStreams streams;
    private final Executor threads;
    private final AtomicLong requestCount = new AtomicLong();
    private final Map<Long, CompletableFuture<String>> pending = new ConcurrentHashMap<>();
    private final Deque<PipeNames> idle = new ConcurrentLinkedDeque<>();
    private final CompletableFuture<Path> ready = new CompletableFuture<>();
    private final CompletableFuture<IOException> ended = new CompletableFuture<>();
    private final Object sendLock = new Object();
    private volatile @Nullable Pipes directory;

    /**
     * Creates the client side of a shell.
     *
     * @param host the machine of the container
     * @param streams the streams to the shell
     * @param threads runs the readers of the output of the shell
     */
    ResidentShell(PodmanHost host, ShellStreams streams, Executor threads) {
        this.host = host;
        this.streams = streams;
        this.threads = threads;
        threads.execute(this::readAnswers);
    }

    /**
     * Starts a shell with podman.
     *
     * @param host the machine on which podman runs
     * @param line the command line that runs a program in the container, without that program
     * @param name the name of the directory for the named pipes; an existing directory is used again
     * @param marks the common prefix of the marks of the connection's commands
     * @param threads runs the readers of the output of the shell
     * @throws IOException if the program cannot be run
     */
    static ResidentShell start(PodmanHost host, List<String> line, String name, String marks, Executor threads)
            throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(line);
        all.addAll(List.of("bash", "-c", Scripts.read("resident.sh"), "atex-resident", name, marks, host.shellMode()));
        return new ResidentShell(host, host.startShell(all, threads), threads);
    }

    /**
     * {@return the command of a container that has no other purpose than to wait} It also starts a resident shell, on
     * the named pipes {@code requests} and {@code answers} in its directory.
     */
    static List<String> keepAliveCommand(String name, String marks) {
        return List.of("bash", "-c", Scripts.read("keep.sh"), "atex-keep", name, marks, Scripts.read("resident.sh"));
    }

    private void readAnswers() {
        CompletableFuture<String> errorOutput = new CompletableFuture<>();
        threads.execute(() -> errorOutput.complete(readErrors()));
        try (BufferedReader answers = new BufferedReader(new InputStreamReader(streams.answers(), UTF_8))) {
            for (@Nullable String line; (line = answers.readLine()) != null; ) {
                handleAnswer(List.of(line.split(" ", -1)));
            }
        } catch (IOException e) {
            // The shell ended or closed its output; lost() below handles both.
        }
        String message = errorOutput.join().strip().replace("\n", "; ");
        lost(new IOException("the shell in the container ended" + (message.isEmpty() ? "" : ": " + message)));
    }

    /**
     * {@return the first 2000 bytes or more of the error output} The rest is read and dropped, so that the shell never
     * blocks.
     */
    private String readErrors() {
        ByteArrayOutputStream first = new ByteArrayOutputStream();
        byte[] buffer = new byte[2000];
        try (InputStream errors = streams.errors()) {
            for (int n; (n = errors.read(buffer)) >= 0; ) {
                if (first.size() < buffer.length) {
                    first.write(buffer, 0, n);
                }
            }
        } catch (IOException e) {
            // The shell ended.
        }
        return first.toString(UTF_8);
    }

    private void handleAnswer(List<String> words) {
        switch (words.get(0)) {
            case "ready" -> {
                // The shell has its own ends now. From here on each side sees when the other closes its end.
                Closeables.closeQuietly(streams.bothEnds());
                ready.complete(Path.of(words.get(1)));
            }
            case "done" -> {
                CompletableFuture<String> done = pending.remove(Long.parseLong(words.get(1)));
                if (done != null) {
                    done.complete(words.get(2));
                }
            }
            default -> {
                // Not from resident.sh: another process in the container wrote to the pipe.
            }
        }
    }

    private void lost(IOException cause) {
        // First, since ask() checks this after it has added its request.
        ended.complete(cause);
        ready.completeExceptionally(cause);
        pending.values().forEach(done -> done.completeExceptionally(cause));
        Closeables.closeQuietly(directory);
    }

    /** {@return the path of its directory in the container, completed when the shell accepts requests} */
    CompletableFuture<Path> ready() {
        return ready;
    }

    /** {@return the reason why the shell ended, completed when it has ended} */
    CompletableFuture<IOException> ended() {
        return ended;
    }

    /** Sets the directory as opened by this program; must be called before the first request. */
    void use(Pipes pipes) {
        directory = pipes;
        if (ended.isDone()) { // lost() ran before the assignment
            Closeables.closeQuietly(pipes);
        }
    }

    /**
     * Creates the directory again after a process in the container has removed it. Running commands are not affected,
     * since their pipes are open already.
     *
     * @param process the process id, on its host, of the first process of the container
     * @throws IOException if the directory cannot be created or opened
     */
    void renew(long process) throws IOException, InterruptedException {
        try {
            ask("renew", "").get(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the directory of the shell in /dev/shm was removed and cannot be created again", e);
        }
        Closeables.closeQuietly(directory);
        idle.clear();
        use(host.openPipes(process, ready.join()));
    }

    Pipes directory() {
        Pipes pipes = directory;
        if (pipes == null) {
            throw new IllegalStateException("the resident shell is not ready: call use() first");
        }
        return pipes;
    }

    /** {@return unused named pipes, created by the shell if necessary} */
    CompletableFuture<PipeNames> pipes() {
        PipeNames free = idle.poll();
        if (free != null) {
            return CompletableFuture.completedFuture(free);
        }
        List<PipeNames> names = new ArrayList<>();
        ThreadLocalRandom random = ThreadLocalRandom.current();
        for (int i = 0; i < PIPES_PER_REQUEST; i++) {
            names.add(new PipeNames(Long.toHexString(random.nextLong()) + Long.toHexString(random.nextLong())));
        }
        return ask("pipes", paths(names)).thenApply(created -> {
            if (!isSuccess(created)) {
                throw new CompletionException(
                        new IOException("could not create named pipes in /dev/shm of the container (is it full?)"));
            }
            idle.addAll(names.subList(1, names.size()));
            return names.get(0);
        });
    }

    private static String paths(List<PipeNames> names) {
        List<String> all = new ArrayList<>();
        names.forEach(one -> all.addAll(one.all()));
        return String.join(" ", all);
    }

    /**
     * Returns the pipes of a command that has ended.
     *
     * @param names the pipes
     * @param reusable whether certainly no process has them open; otherwise they are removed
     */
    void release(PipeNames names, boolean reusable) {
        if (reusable) {
            idle.push(names);
        } else {
            var unused = ask("drop", String.join(" ", names.removed()));
        }
    }

    /**
     * Starts a command.
     *
     * @param names the pipes of the command; both ends of each are open, so that the shell does not block
     * @param script turns a child of the shell into the command
     * @throws IOException if the shell has ended
     */
    void run(PipeNames names, String script) throws IOException {
        byte[] bytes = script.getBytes(UTF_8);
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(("run " + names.base() + " " + bytes.length + "\n").getBytes(UTF_8));
        request.writeBytes(bytes);
        send(request.toByteArray());
    }

    /**
     * Kills the processes of commands, including all that they started.
     *
     * @param marks a regular expression that matches their marks
     * @param processes the process ids of the commands in the container, as far as known and not reused
     * @param after an id that is smaller than those of all processes of the commands; 0 if unknown
     * @return whether all processes have ended
     */
    CompletableFuture<Boolean> end(String marks, List<Long> processes, long after) {
        return ask("end", marks + " " + statPattern(processes) + " " + after).thenApply(ResidentShell::isSuccess);
    }

    /**
     * {@return the exit code of an ended command of 128 or more, or another text if it is not known} For shells in
     * containers of other hosts.
     */
    CompletableFuture<String> code(PipeNames names) {
        return ask("code", names.base());
    }

    private static boolean isSuccess(String code) {
        return code.equals("0");
    }

    /**
     * {@return a regular expression for the line in {@code /proc/PID/stat} of the processes that have one of these as
     * parent, process group or session} Dead processes (states X and Z) do not match. The expression contains no
     * spaces, since these separate the fields of a request.
     *
     * @param processes process ids
     */
    static String statPattern(List<Long> processes) {
        String any = processes.stream().map(String::valueOf).collect(Collectors.joining("|"));
        // Not a dot for the spaces: it would match a digit as well, and then 4312 for 312.
        return any.isEmpty()
                ? NO_MATCH
                : ("^[0-9]+ \\(.*\\) [^XZ] ([0-9]+ ){0,2}(" + any + ") ").replace(" ", "[[:space:]]");
    }

    /** {@return the last word of the answer, usually an exit code, completed when the shell has answered} */
    private CompletableFuture<String> ask(String request, String arguments) {
        CompletableFuture<String> done = new CompletableFuture<>();
        long number = requestCount.incrementAndGet();
        pending.put(number, done);
        try {
            send((request + " " + number + " " + arguments + "\n").getBytes(UTF_8));
        } catch (IOException e) {
            done.completeExceptionally(e);
        }
        if (ended.isDone()) {
            done.completeExceptionally(ended.join()); // lost() may have run before the request was added
        }
        return done;
    }

    private void send(byte[] request) throws IOException {
        // The lock is held over I/O, because concurrent requests must not mix. The shell reads requests at once, so
        // this does not block for longer than it takes to copy the request.
        synchronized (sendLock) {
            OutputStream stdin = streams.requests();
            stdin.write(request);
            stdin.flush();
        }
    }

    /** Ends all commands of the connection and the shell; waits up to 5 s for the shell. */
    @Override
    public void close() {
        close(true);
    }

    /**
     * Ends all commands of the connection and the shell.
     *
     * @param wait whether to wait for the shell, 5 s at most; false for a paused container, in which it ends after the
     *     container is unpaused
     */
    void close(boolean wait) {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            Closeables.closeQuietly(streams.bothEnds());
            Closeables.closeQuietly(streams.requests()); // the shell ends its commands when its input ends
            if (wait) {
                var unused = section.awaitDone(ended, Deadline.in(Duration.ofSeconds(ANSWER_SECONDS)));
            }
            streams.kill().run();
            lost(new IOException("the shell in the container was closed"));
        }
    }
}

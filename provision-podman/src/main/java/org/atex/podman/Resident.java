package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
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
import org.jspecify.annotations.Nullable;

/**
 * A shell that stays in a container and starts commands on request: a thousandth of the time that {@code podman exec}
 * takes, and with all that it gives, as commands are the shell's children. Commands outlive it.
 *
 * <p>Thread safety: from any thread.
 */
final class Resident implements Closeable {
    private static final long GOODBYE_SECONDS = 5;
    private static final int AT_ONCE = 8;
    private static final String NOTHING = "^no-such";

    private final Talk talk;
    private final Executor threads;
    private final AtomicLong numbers = new AtomicLong();
    private final Map<Long, CompletableFuture<Boolean>> asked = new ConcurrentHashMap<>();
    private final Deque<PipeNames> idle = new ConcurrentLinkedDeque<>();
    private final CompletableFuture<Path> ready = new CompletableFuture<>();
    private final CompletableFuture<IOException> gone = new CompletableFuture<>();
    private final Object requests = new Object();
    private volatile @Nullable PipeDirectory directory;

    /**
     * Talks to one.
     *
     * @param talk what leads to it
     * @param threads what reads from it
     */
    Resident(Talk talk, Executor threads) {
        this.talk = talk;
        this.threads = threads;
        threads.execute(this::read);
    }

    /**
     * Starts one.
     *
     * @param line what runs bash in the container, up to its own arguments
     * @param name what its directory is called; one that is there is used on
     * @param marks what all marks of the connection begin with
     * @param threads what reads from it
     */
    static Resident start(List<String> line, String name, String marks, Executor threads) throws IOException {
        List<String> all = new ArrayList<>(line);
        all.addAll(List.of("bash", "-c", script("resident.sh"), "atex-resident", name, marks));
        return new Resident(Talk.by(all), threads);
    }

    /** {@return the command of a container whose first process starts one} */
    static List<String> keeping(String name, String marks) {
        return List.of("bash", "-c", script("keep.sh"), "atex-keep", name, marks, script("resident.sh"));
    }

    private static String script(String file) {
        try (InputStream script = Resident.class.getResourceAsStream(file)) {
            if (script == null) {
                throw new IllegalStateException(file + " is not beside the classes of provision-podman");
            }
            return new String(script.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void read() {
        CompletableFuture<String> words = new CompletableFuture<>();
        threads.execute(() -> words.complete(errors()));
        try (BufferedReader answers = new BufferedReader(new InputStreamReader(talk.answers(), UTF_8))) {
            for (@Nullable String line; (line = answers.readLine()) != null; ) {
                answered(List.of(line.split(" ", -1)));
            }
        } catch (IOException e) {
            // It ended, as far as we can know.
        }
        String said = words.join().strip().replace("\n", "; ");
        lost(new IOException("the shell in the container ended" + (said.isEmpty() ? "" : ": " + said)));
    }

    /** {@return the first of what it says; the rest is read too, as it must not wait for us} */
    private String errors() {
        ByteArrayOutputStream first = new ByteArrayOutputStream();
        byte[] piece = new byte[2000];
        try (InputStream errors = talk.errors()) {
            for (int n; (n = errors.read(piece)) >= 0; ) {
                if (first.size() < piece.length) {
                    first.write(piece, 0, n);
                }
            }
        } catch (IOException e) {
            // It ended.
        }
        return first.toString(UTF_8);
    }

    private void answered(List<String> words) {
        switch (words.get(0)) {
            case "ready" -> {
                Quiet.close(talk.connected()); // from here on each side sees the end of the other
                ready.complete(Path.of(words.get(1)));
            }
            case "done" -> {
                CompletableFuture<Boolean> done = asked.remove(Long.parseLong(words.get(1)));
                if (done != null) {
                    done.complete(words.get(2).equals("0"));
                }
            }
            default -> {
                // Whoever writes here is no part of us.
            }
        }
    }

    private void lost(IOException cause) {
        gone.complete(cause);
        ready.completeExceptionally(cause);
        asked.values().forEach(done -> done.completeExceptionally(cause));
        Quiet.close(directory);
    }

    /** {@return where its directory is in the container, once it is ready} */
    CompletableFuture<Path> ready() {
        return ready;
    }

    /** {@return why it ended, once it has} */
    CompletableFuture<IOException> gone() {
        return gone;
    }

    /** Tells it where its directory is on this machine, before anything is asked of it. */
    void use(PipeDirectory pipes) {
        directory = pipes;
        if (gone.isDone()) {
            Quiet.close(pipes);
        }
    }

    /**
     * Makes its directory again, which somebody in the container has removed. Commands that run are not concerned: what they
     * have open they keep.
     *
     * @param process the container's first process
     */
    void renew(long process) throws IOException, InterruptedException {
        try {
            ask("renew", "").get(GOODBYE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("its directory in /dev/shm was removed, and cannot be made again", e);
        }
        Quiet.close(directory);
        idle.clear();
        use(PipeDirectory.open(process, ready.join()));
    }

    PipeDirectory directory() {
        PipeDirectory pipes = directory;
        if (pipes == null) {
            throw new IllegalStateException("the resident shell is not ready");
        }
        return pipes;
    }

    /** {@return pipes that nobody uses} */
    CompletableFuture<PipeNames> pipes() {
        PipeNames free = idle.poll();
        if (free != null) {
            return CompletableFuture.completedFuture(free);
        }
        List<PipeNames> names = new ArrayList<>();
        ThreadLocalRandom random = ThreadLocalRandom.current();
        for (int i = 0; i < AT_ONCE; i++) {
            names.add(new PipeNames(Long.toHexString(random.nextLong()) + Long.toHexString(random.nextLong())));
        }
        return ask("pipes", paths(names)).thenApply(made -> {
            if (!made) {
                throw new CompletionException(
                        new IOException("named pipes cannot be made in /dev/shm of the container (is it full?)"));
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
     * Takes pipes back.
     *
     * @param names the pipes
     * @param free whether it is certain that nobody has them open
     */
    void giveBack(PipeNames names, boolean free) {
        if (free) {
            idle.push(names);
        } else {
            var unused = ask("drop", paths(List.of(names)));
        }
    }

    /**
     * Starts a command.
     *
     * @param names its pipes, kept open here
     * @param script what makes a child of the shell the command
     */
    void run(PipeNames names, String script) throws IOException {
        byte[] bytes = script.getBytes(UTF_8);
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(("run " + names.base() + " " + bytes.length + "\n").getBytes(UTF_8));
        request.writeBytes(bytes);
        send(request.toByteArray());
    }

    /**
     * Ends commands and all that they started.
     *
     * @param marks a regular expression of their marks
     * @param processes their own processes, as far as they are known and cannot be somebody else's by now
     * @param after the number after which theirs began; 0 if that is not certain
     * @return whether nothing is left
     */
    CompletableFuture<Boolean> end(String marks, List<Long> processes, long after) {
        return ask("end", marks + " " + sessions(processes) + " " + after);
    }

    /**
     * {@return what matches the line in {@code /proc/PID/stat} of every process that has one of these for its parent, group or
     * session; what is dead already cannot be ended} There is no space in it, as spaces separate what is asked for.
     *
     * @param processes their numbers
     */
    static String sessions(List<Long> processes) {
        String any = processes.stream().map(String::valueOf).collect(Collectors.joining("|"));
        // A dot in place of the spaces would also match a digit, and so take 4312 for 312.
        return any.isEmpty()
                ? NOTHING
                : ("^[0-9]+ \\(.*\\) [^XZ] ([0-9]+ ){0,2}(" + any + ") ").replace(" ", "[[:space:]]");
    }

    /** {@return whether it could do it, once it has} */
    private CompletableFuture<Boolean> ask(String what, String rest) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        long number = numbers.incrementAndGet();
        asked.put(number, done);
        try {
            send((what + " " + number + " " + rest + "\n").getBytes(UTF_8));
        } catch (IOException e) {
            done.completeExceptionally(e);
        }
        if (gone.isDone()) {
            done.completeExceptionally(gone.join()); // it may have ended before this was on the list
        }
        return done;
    }

    /** Requests are short, and the shell reads them at once: this does not block for longer than it takes to copy them. */
    private void send(byte[] request) throws IOException {
        synchronized (requests) {
            OutputStream stdin = talk.requests();
            stdin.write(request);
            stdin.flush();
        }
    }

    /** Has it end everything of its connection, and itself. */
    @Override
    public void close() {
        close(true);
    }

    /**
     * Does the same.
     *
     * @param answers whether it is waited for; one in a paused container does it when that goes on
     */
    void close(boolean answers) {
        boolean interrupted = Thread.interrupted();
        Quiet.close(talk.connected());
        Quiet.close(talk.requests());
        if (answers) {
            interrupted |= Patience.done(gone, System.nanoTime() + TimeUnit.SECONDS.toNanos(GOODBYE_SECONDS));
        }
        talk.kill().run();
        lost(new IOException("the shell in the container was closed"));
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

package org.atex.libvirt;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.api.CommandEnd;
import org.atex.api.ConnectionLostException;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.support.PrintableText;
import org.atex.support.Threads;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the console of a virtual machine while it runs, and tells when it is lost: by a kernel panic, by the end of its
 * process, or because the host is lost. Thread-safe.
 */
final class ConsoleWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ConsoleWatch.class);
    private static final Pattern PANIC = Pattern.compile("Kernel panic - not syncing[^\\r\\n]*");
    private static final int MAX_LINE = 300;
    private static final int TAIL = 4096;
    private static final long MAX_FILE = 64L << 20;
    private static final Duration END_WITHIN = Duration.ofSeconds(10);

    /** Ends with the process of the virtual machine. Its exit code is 3 if the process still exists. */
    private static final String FOLLOW = """
        cd "$ATEX_DIR/$1/$2" || exit
        tail -c +1 -s 0.2 --pid="$3" -F console.log 2>/dev/null
        if [ -d "/proc/$3" ]; then exit 3; fi
        """;

    private final LibvirtHost host;
    private final String run;
    private final String name;
    private final String process;
    private final boolean panics;
    private final @Nullable Path file;
    private final Consumer<String> lost;
    private final Thread thread;
    private final StringBuilder tail = new StringBuilder();

    private volatile boolean closed;
    private volatile @Nullable RunningCommand command;
    private long stored;
    private int matched;

    ConsoleWatch(
            LibvirtHost host,
            String run,
            String name,
            String process,
            boolean panics,
            @Nullable Path file,
            Consumer<String> lost) {
        this.host = host;
        this.run = run;
        this.name = name;
        this.process = process;
        this.panics = panics;
        this.file = file;
        this.lost = lost;
        // A platform thread: it reads from a process.
        thread = Threads.startDaemon("console-" + name, this::watch);
    }

    /** {@return the end of the output so far in one line of visible characters} */
    String tail() {
        synchronized (tail) {
            String text = tail.toString().strip();
            // The console sends bytes, of which the tail may begin in the middle of a character.
            String decoded = new String(text.getBytes(ISO_8859_1), UTF_8);
            int begin = Math.max(0, decoded.length() - 1000);
            String end = PrintableText.of(decoded.substring(begin).replace("\r", ""), 1000);
            return end.isEmpty() ? "its console has no output" : "the end of its console: '" + end + "'";
        }
    }

    private void watch() {
        try (OutputStream out = open()) {
            while (!closed) {
                follow(out);
            }
        } catch (IOException e) {
            LOG.warn("could not keep the console of {}: {}", name, e.getMessage());
        }
    }

    private OutputStream open() throws IOException {
        if (file == null) {
            return OutputStream.nullOutputStream();
        }
        Files.createDirectories(file.toAbsolutePath().getParent());
        return Files.newOutputStream(file);
    }

    private void follow(OutputStream out) throws IOException {
        stored = 0;
        try (RunningCommand running =
                host.connection().start(host.command(FOLLOW, run, name, process).withStderr(Output.discard()))) {
            command = running;
            if (closed) {
                return;
            }
            read(running.stdout(), out);
            CommandEnd end = running.await();
            if (end.equals(new CommandEnd.Exited(0))) {
                report("the virtual machine " + name + " has ended; " + tail());
            } else {
                LOG.debug("the console of {} is read again: {}", name, end);
                Thread.sleep(200);
            }
        } catch (ConnectionLostException | IllegalStateException e) {
            report("the host of " + name + " was lost: " + e.getMessage());
        } catch (InterruptedException e) {
            closed = true;
        }
    }

    private void read(InputStream console, OutputStream out) throws IOException {
        byte[] buffer = new byte[8192];
        while (true) {
            int count;
            try {
                count = console.read(buffer);
            } catch (IOException e) {
                return; // the end of the command tells why
            }
            if (count < 0) {
                return;
            }
            int kept = (int) Math.min(count, Math.max(0, MAX_FILE - stored));
            out.write(buffer, 0, kept);
            out.flush();
            stored += count;
            String panic = append(new String(buffer, 0, count, ISO_8859_1));
            if (panic != null && panics && !closed) {
                report("the kernel of " + name + " panicked: " + panic);
            }
        }
    }

    /** {@return the line of a kernel panic that the output completes, or null} */
    private @Nullable String append(String text) {
        synchronized (tail) {
            tail.append(text);
            int cut = Math.max(0, tail.length() - 2 * TAIL - text.length());
            tail.delete(0, cut);
            matched = Math.max(0, matched - cut);
            Matcher matcher = PANIC.matcher(tail).region(matched, tail.length());
            String found = null;
            // The line may still grow, so it counts when it has ended.
            if (matcher.find() && matcher.end() < tail.length()) {
                matched = matcher.end();
                found = PrintableText.of(matcher.group(), MAX_LINE);
            }
            return found;
        }
    }

    private void report(String reason) {
        if (!closed) {
            closed = true;
            lost.accept(reason);
        }
    }

    /** From now on, the end of the virtual machine is no loss. */
    void expectEnd() {
        closed = true;
    }

    /** Ends the watch. The rest of the console is read if the virtual machine has ended before. */
    @Override
    public void close() {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            if (thread.equals(Thread.currentThread())) {
                return;
            }
            closed = true;
            RunningCommand running = command;
            if (running != null && !section.join(thread, Duration.ofMillis(500))) {
                running.close();
            }
            if (!section.join(thread, END_WITHIN)) {
                LOG.warn("the console of {} is still being read", name);
            }
        }
    }
}

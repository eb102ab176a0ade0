package org.atex.adhoc;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;
import org.atex.api.RunEvent;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log of a run: the program's logger, and the log file of a kept run. Each is written by its own thread, as either may
 * block: a pipe may not be read, and a disk may hang. At most 10,000 entries wait for each; further entries are dropped.
 * Thread-safe.
 */
final class RunLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AdHocOrchestrator.class);
    private static final int MAX_WAITING = 10_000;
    private static final Duration FILE_CLOSES_WITHIN = Duration.ofSeconds(1);

    private final Output logger = new Output("log");
    private final Output fileOutput = new Output("log file");
    private volatile Supplier<Instant> clock = () -> Instant.EPOCH;
    private volatile @Nullable LogFile file;

    /**
     * Also writes to a file from now on, which events are written to as well.
     *
     * @param now the clock of the run
     */
    void alsoTo(Path path, Supplier<Instant> now) {
        clock = now;
        file = new LogFile(path);
    }

    void warn(String what) {
        logger.add(() -> LOG.warn("{}", what));
        toFile(clock.get(), what);
    }

    void warn(String what, Throwable e) {
        logger.add(() -> Throwables.warn(what, e));
        toFile(what, e);
    }

    void error(String what, Throwable e) {
        logger.add(() -> LOG.error("{}", what, e));
        toFile(what, e);
    }

    void event(RunEvent event) {
        if (file != null) {
            String text = EventText.of(event);
            if (!text.isEmpty()) {
                toFile(event.at(), text);
            }
        }
    }

    private void toFile(String what, Throwable e) {
        if (file != null) {
            toFile(clock.get(), what + "\n" + Throwables.trace(e));
        }
    }

    private void toFile(Instant at, String text) {
        LogFile to = file;
        if (to != null) {
            fileOutput.add(() -> {
                try {
                    to.append(at, text);
                } catch (IOException e) {
                    file = null;
                    logger.add(() -> LOG.warn("the log of the run in {} could not be written: {}", to, e.toString()));
                }
            });
        }
    }

    /** Ends the writers after they have written the queued entries. Waits for the file, for a second, and not for the logger. */
    @Override
    public void close() {
        fileOutput.close();
        logger.close();
        fileOutput.await(FILE_CLOSES_WITHIN);
        LogFile last = file;
        if (last != null) {
            last.close();
        }
    }

    /** Writes entries one after another, on a thread that starts with the first one. */
    private static final class Output {
        private final String name;
        private final BlockingQueue<Runnable> entries = new LinkedBlockingQueue<>(MAX_WAITING);
        private @Nullable Thread writer; // guarded by this
        private boolean closed; // guarded by this

        Output(String name) {
            this.name = name;
        }

        synchronized void add(Runnable entry) {
            if (!closed && entries.offer(entry) && writer == null) {
                writer = Threads.startDaemon(name, this::write);
            }
        }

        private void write() {
            try {
                while (true) {
                    Runnable entry = entries.take();
                    entry.run();
                    if (isOver()) {
                        return;
                    }
                }
            } catch (InterruptedException e) {
                // close() interrupts an idle writer; the queue is empty.
                Thread.currentThread().interrupt();
            }
        }

        private synchronized boolean isOver() {
            return closed && entries.isEmpty();
        }

        synchronized void close() {
            closed = true;
            if (writer != null && entries.isEmpty()) {
                writer.interrupt();
            }
        }

        void await(Duration limit) {
            Thread running;
            synchronized (this) {
                running = writer;
            }
            if (running != null) {
                boolean unused = Threads.join(List.of(running), limit);
            }
        }
    }
}

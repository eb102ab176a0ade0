package org.atex.fmf;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells the keeper of a detached test what has arrived here, what is to be done, and now and then that we are there. Over
 * each new connection all of it is said again. Thread-safe.
 */
final class Words implements AutoCloseable {
    /** Much that arrives at once is acknowledged as often. */
    private static final Duration OFTEN = Duration.ofMillis(20);

    private final Supplier<String> arrived;
    private final Duration alive;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable OutputStream to;
    private int number;
    private boolean more;
    private boolean all;
    private String orders = "";
    private int said;
    private boolean over;
    private final Thread thread;

    /**
     * Begins.
     *
     * @param arrived says what has arrived
     * @param alive how often to say that we are there
     */
    Words(Supplier<String> arrived, Duration alive) {
        this.arrived = arrived;
        this.alive = alive;
        thread = Thread.ofVirtual().name("atex-detached-words").start(this::sayAll);
    }

    /** Talks to that from now on, or to nobody. */
    void to(@Nullable OutputStream next) {
        lock.lock();
        try {
            to = next;
            number++;
            said = 0;
            all = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Something has arrived. */
    void arrived(boolean thatWasAll) {
        lock.lock();
        try {
            more = true;
            all |= thatWasAll;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Something is to be done; said once over each connection. */
    void order(String word) {
        lock.lock();
        try {
            if (!orders.contains(word)) {
                orders += word + "\n";
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void sayAll() {
        try {
            while (true) {
                Sentence next = next();
                if (next == null) {
                    return;
                }
                next.say(this);
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    /** What is said next, and to whom. */
    private record Sentence(String text, OutputStream to, int number) {
        void say(Words words) {
            try {
                to.write(text.getBytes(StandardCharsets.UTF_8));
                to.flush();
            } catch (IOException e) {
                words.lost(number);
            }
        }
    }

    private void lost(int which) {
        lock.lock();
        try {
            if (number == which) {
                to = null;
            }
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Sentence next() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long since = System.nanoTime();
            while (!over) {
                long left = due() - (System.nanoTime() - since);
                if (to == null) {
                    changed.await();
                } else if (left <= 0) {
                    return sentence(to);
                } else {
                    changed.awaitNanos(left);
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private long due() {
        if (all || said < orders.length()) {
            return 0;
        }
        return TimeUnit.NANOSECONDS.convert(more ? OFTEN : alive);
    }

    private Sentence sentence(OutputStream stream) {
        String text = arrived.get() + "\n" + orders.substring(said);
        said = orders.length();
        more = false;
        all = false;
        return new Sentence(text, stream, number);
    }

    /** Says no more. */
    @Override
    public void close() {
        lock.lock();
        try {
            over = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        thread.interrupt();
    }
}

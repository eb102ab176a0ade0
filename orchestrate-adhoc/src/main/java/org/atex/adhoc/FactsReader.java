package org.atex.adhoc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.jspecify.annotations.Nullable;

/**
 * Reads what tests say of themselves, each once and before the run, so that a test whose own methods fail or hang costs
 * itself only.
 */
final class FactsReader {
    /**
     * What is known of a test.
     *
     * @param facts what it says of itself; of one whose methods fail, a name to call it by
     * @param problem why it cannot run; empty if it can
     */
    record Facts(TestCase test, PlainTest facts, String problem) {}

    private final List<TestCase> tests;
    private final Duration limit;

    // Guarded by this.
    private final List<Facts> read = new ArrayList<>();
    private int turn;

    private FactsReader(List<TestCase> tests, Duration limit) {
        this.tests = tests;
        this.limit = limit;
    }

    /**
     * {@return the facts of each test, in the order given}
     *
     * @param tests the tests
     * @param limit how long one may take
     */
    static List<Facts> read(List<TestCase> tests, Duration limit) {
        return new FactsReader(tests, limit).readAll();
    }

    private synchronized List<Facts> readAll() {
        boolean interrupted = false;
        while (read.size() < tests.size()) {
            int mine = ++turn;
            int first = read.size();
            Thread reader = Threads.start("facts", () -> readFrom(first, mine));
            interrupted |= awaitReader(mine);
            if (read.size() < tests.size()) {
                reader.interrupt();
                add(unreadable(read.size(), null, "its methods did not return within " + limit));
            }
        }
        turn++;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return List.copyOf(read);
    }

    /** Waits as long as the reader gets on. */
    private synchronized boolean awaitReader(int mine) {
        boolean interrupted = false;
        int before = read.size();
        long deadline = System.nanoTime() + limit.toNanos();
        while (read.size() < tests.size()) {
            long left = deadline - System.nanoTime();
            if (read.size() > before) {
                before = read.size();
                deadline = System.nanoTime() + limit.toNanos();
            } else if (left <= 0) {
                turn = mine + 1;
                return interrupted;
            }
            try {
                wait(Math.max(1, Math.min(left, limit.toNanos()) / 1_000_000));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        return interrupted;
    }

    private void readFrom(int first, int mine) {
        for (int i = first; i < tests.size(); i++) {
            Facts facts = readOne(i);
            synchronized (this) {
                if (turn != mine) {
                    return; // it took too long, and another one goes on
                }
                add(facts);
            }
        }
    }

    private synchronized void add(Facts facts) {
        read.add(facts);
        notifyAll();
    }

    private Facts readOne(int i) {
        TestCase test = tests.get(i);
        String name = null;
        try {
            name = test.name();
            return new Facts(test, PlainTest.copyOf(test), "");
        } catch (Throwable e) {
            return unreadable(i, name, "its methods failed: " + Words.of(e));
        }
    }

    private Facts unreadable(int i, @Nullable String name, String problem) {
        String called = name == null || name.isEmpty() ? "test " + (i + 1) + " of " + tests.size() : name;
        return new Facts(tests.get(i), TestCase.named(called), "it cannot be run: " + problem);
    }
}

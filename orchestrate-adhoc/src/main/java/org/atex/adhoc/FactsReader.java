package org.atex.adhoc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.MultihostTest;
import org.atex.api.PlainTest;
import org.atex.api.Role;
import org.atex.api.TestCase;
import org.atex.support.Threads;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;

/**
 * Reads the properties of tests, once and before the run. A test with methods that throw or hang affects only itself.
 */
final class FactsReader {
    /**
     * The properties of a test.
     *
     * @param facts its properties; only a name if its methods fail
     * @param roles its roles, if it runs on several systems
     * @param oneFailureEndsAll whether the first of them that does not pass ends the others
     * @param order the checkpoints that they pass in this order
     * @param problem the reason why it cannot run; empty if it can
     * @param ordered the test as the order of the tests sees it
     * @param aboutLimit where its limit comes from, if the test does not declare it; else empty
     */
    record Facts(
            TestCase test,
            PlainTest facts,
            List<RoleFacts> roles,
            boolean oneFailureEndsAll,
            List<String> order,
            String problem,
            TestCase ordered,
            String aboutLimit) {
        /** A test on one system. */
        Facts(TestCase test, PlainTest facts, String problem) {
            this(test, facts, List.of(), false, List.of(), problem, test, "");
        }

        /** {@return a copy with another expected duration} */
        Facts withExpected(Duration expected) {
            return with(facts.withExpected(expected), aboutLimit);
        }

        /**
         * {@return a copy with another limit}
         *
         * @param why where it comes from
         */
        Facts withLimit(Duration limit, String why) {
            return with(facts.withLimit(limit), why);
        }

        private Facts with(PlainTest changed, String why) {
            TestCase completed = new RunHistory.Completed(test, changed.expected(), changed.limit());
            return new Facts(test, changed, roles, oneFailureEndsAll, order, problem, completed, why);
        }

        static Facts of(TestCase test) {
            PlainTest facts = PlainTest.copyOf(test);
            MultihostTest multihost = test.unwrap(MultihostTest.class).orElse(null);
            if (multihost == null) {
                return new Facts(test, facts, "");
            }
            if (multihost.roles().isEmpty()) {
                throw new IllegalArgumentException(
                        "it runs on several systems, but has no roles: add them by MultihostTest.withRole");
            }
            List<RoleFacts> roles = multihost.roles().stream()
                    .map(role -> new RoleFacts(role, PlainTest.copyOf(role.test())))
                    .toList();
            return new Facts(test, facts, roles, multihost.oneFailureEndsAll(), multihost.order(), "", test, "");
        }
    }

    /** The properties of the test of a role. */
    record RoleFacts(Role role, PlainTest facts) {}

    private final List<TestCase> tests;
    private final Duration limit;

    // Guarded by this. Only the reader with the number 'turn' may add to the list.
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
     * @param limit the time limit for one test
     */
    static List<Facts> read(List<TestCase> tests, Duration limit) {
        return new FactsReader(tests, limit).readAll();
    }

    private synchronized List<Facts> readAll() {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            while (read.size() < tests.size()) {
                int mine = ++turn;
                int first = read.size();
                Thread reader = Threads.startDaemon("facts", () -> readFrom(first, mine));
                awaitReader(mine, section);
                if (read.size() < tests.size()) {
                    reader.interrupt();
                    add(unreadable(read.size(), null, "its methods did not return within " + limit));
                }
            }
            turn++;
            return List.copyOf(read);
        }
    }

    /** Waits until the reader has finished, or has made no progress within the limit. */
    private synchronized void awaitReader(int mine, UninterruptibleSection section) {
        int before = read.size();
        long deadline = System.nanoTime() + limit.toNanos();
        while (read.size() < tests.size()) {
            long left = deadline - System.nanoTime();
            if (read.size() > before) {
                before = read.size();
                deadline = System.nanoTime() + limit.toNanos();
            } else if (left <= 0) {
                turn = mine + 1;
                return;
            }
            section.attempt(() -> wait(Math.max(1, Math.min(left, limit.toNanos()) / 1_000_000)));
        }
    }

    private void readFrom(int first, int mine) {
        for (int i = first; i < tests.size(); i++) {
            Facts facts = readOne(i);
            synchronized (this) {
                if (turn != mine) {
                    return; // this reader was replaced after a timeout
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
            return Facts.of(test);
        } catch (Throwable e) {
            return unreadable(i, name, "its methods failed: " + Throwables.describe(e));
        }
    }

    private Facts unreadable(int i, @Nullable String name, String problem) {
        String called = name == null || name.isEmpty() ? "test " + (i + 1) + " of " + tests.size() : name;
        return new Facts(tests.get(i), TestCase.named(called), "the test cannot run: " + problem);
    }
}

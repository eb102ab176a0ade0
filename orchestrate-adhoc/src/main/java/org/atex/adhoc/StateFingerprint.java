package org.atex.adhoc;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.Remote;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestInvocation;
import org.atex.api.Topology;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out which tests have changed their system, by the {@link SystemState} after each test, and lets a run use a
 * system again after a test that has changed nothing, even if it failed.
 *
 * {@snippet :
 * StateFingerprint states = StateFingerprint.create();
 * AdHocOrchestrator.builder(tests)
 *         .with(states.around(CommandExecutor.factory()))
 *         .destruction(states.policy());
 * }
 *
 * <p>The notes of the tests say what was found: that a test changed something although it passed and is not declared
 * destructive, or that it failed but changed nothing. The log contains all changes.
 *
 * <p>If several tests run on a system at the same time, a change counts for the one that ends first after it.
 *
 * <p>Lifecycle: one object for each run. Thread safety: thread-safe.
 */
public final class StateFingerprint {
    private static final Logger LOG = LoggerFactory.getLogger(StateFingerprint.class);
    private static final int MOST_TOLD = 3;

    /** Separates the names of a test on several systems and of one of them. */
    private static final String GUEST = "\0";

    /** The names of the tests whose latest attempt changed its system. */
    private final Set<String> changed = ConcurrentHashMap.newKeySet();

    private StateFingerprint() {}

    /** {@return an object for one run} */
    public static StateFingerprint create() {
        return new StateFingerprint();
    }

    /**
     * {@return a factory of executors that read the state of their system when they are opened and after each test}
     *
     * @param executors opens the executors that run the tests
     */
    public Executor.Factory around(Executor.Factory executors) {
        return new Executor.Factory() {
            @Override
            public Executor open(Remote system) throws InterruptedException {
                Executor executor = executors.open(system);
                try {
                    return new Watched(executor, system, SystemState.of(system.connection()));
                } catch (Throwable e) {
                    executor.close();
                    throw e;
                }
            }

            @Override
            public List<String> warnings() {
                return executors.warnings();
            }
        };
    }

    private static String key(TestCase test) {
        Topology topology = TestInvocation.of(test).topology();
        return topology == null ? test.name() : topology.test() + GUEST + topology.self();
    }

    /** {@return a policy that replaces systems after destructive tests and after tests that have changed something} */
    public DestructionPolicy policy() {
        return (test, end) -> test.destructive()
                || changed.stream().anyMatch(name -> name.equals(test.name()) || name.startsWith(test.name() + GUEST));
    }

    private final class Watched implements Executor {
        private final Executor executor;
        private final Remote system;
        private final ReentrantLock lock = new ReentrantLock();
        private SystemState latest;

        Watched(Executor executor, Remote system, SystemState latest) {
            this.executor = executor;
            this.system = system;
            this.latest = latest;
        }

        @Override
        public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
            changed.add(key(test)); // until the contrary is known
            TestEnd end = executor.run(test, into);
            return end.systemUsable() ? compared(test, end) : end;
        }

        private TestEnd compared(TestCase test, TestEnd end) {
            List<String> changes;
            try {
                changes = changes();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return end;
            } catch (Throwable e) {
                Throwables.warn("it is not known whether " + test.name() + " has changed " + system.name(), e);
                return end.plusNote("it is not known whether it changed the system: " + Throwables.describe(e));
            }
            if (changes.isEmpty()) {
                changed.remove(key(test));
                boolean passed = end.outcome() == Outcome.PASSED || end.outcome() == Outcome.SKIPPED;
                return passed ? end : end.plusNote("it changed nothing on the system");
            }
            changes.forEach(change -> LOG.info("{} on {}: {}", test.name(), system.name(), change));
            int more = changes.size() - MOST_TOLD;
            return test.destructive()
                    ? end
                    : end.plusNote("it changed the system: "
                            + String.join("; ", changes.subList(0, Math.min(MOST_TOLD, changes.size())))
                            + (more > 0 ? "; and " + more + " more" : ""));
        }

        private List<String> changes() throws InterruptedException {
            lock.lockInterruptibly();
            try {
                SystemState now = SystemState.of(system.connection());
                List<String> changes = latest.changesTo(now);
                latest = now;
                return changes;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            executor.close();
        }
    }
}

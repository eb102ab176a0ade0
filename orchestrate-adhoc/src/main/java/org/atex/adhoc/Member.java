package org.atex.adhoc;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.atex.api.Executor;
import org.atex.api.Remote;
import org.jspecify.annotations.Nullable;

/** A system of the pool with what was opened on it. The schedule decides who touches it when: one thread at a time. */
final class Member {
    final int id;
    final Remote remote;
    /** Who runs tests here, by slot. Guarded by the run's lock. */
    final Map<Integer, Thread> places = new HashMap<>();
    /** Who makes it ready, while somebody does. Guarded by the run's lock. */
    @Nullable
    Thread preparation;

    private final List<Executor> executors = new ArrayList<>();

    Member(int id, Remote remote) {
        this.id = id;
        this.remote = remote;
    }

    String name() {
        return remote.name();
    }

    void prepare(SystemHook hook, Executor.Factory factory) throws InterruptedException {
        hook.prepare(remote);
        for (int slot = 1; slot <= remote.slots(); slot++) {
            executors.add(factory.open(remote.connection()));
        }
    }

    Executor executor(int slot) {
        return executors.get(slot - 1);
    }

    /** Closes all executors, whatever happens to one of them. */
    void closeExecutors(Consumer<String> problems) {
        for (Executor executor : executors) {
            try {
                executor.close();
            } catch (RuntimeException e) {
                problems.accept("the system " + name() + " was not cleaned up: " + e.getMessage());
            }
        }
        executors.clear();
    }

    void giveBack(Consumer<String> problems) {
        try {
            remote.close();
        } catch (RuntimeException e) {
            problems.accept("the system " + name() + " was not given back: " + e.getMessage());
        }
    }

    /** {@return whether it was put back to a fresh state} */
    boolean reset(Consumer<String> problems) {
        try {
            return remote.reset();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (RuntimeException e) {
            problems.accept("the system " + name() + " could not be reset, and is replaced: " + e.getMessage());
            return false;
        }
    }
}

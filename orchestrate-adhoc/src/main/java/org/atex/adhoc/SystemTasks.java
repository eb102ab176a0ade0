package org.atex.adhoc;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Problem;
import org.atex.api.Remote;
import org.atex.api.SystemHook;

/**
 * Calls user code on systems: reads their facts, prepares, resets and releases them. Each method returns immediately
 * and reports the end on a thread of the guard. Thread-safe.
 */
final class SystemTasks {
    /** A system with its facts, its connection, and its address if a test needs it. */
    record Arrival(PoolSystem.Facts facts, Connection connection, String address) {}

    private final Guard guard;
    private final Limits limits;
    private final SystemHook hook;
    private final Executor.Factory factory;
    private final int maxSlots;
    private final boolean needsAddresses;
    private final boolean recordsPackages;
    private final RunContext context;

    SystemTasks(Guard guard, RunPlan plan, RunContext context) {
        this.guard = guard;
        this.limits = plan.limits();
        this.hook = plan.hook();
        this.factory = plan.factory();
        this.maxSlots = plan.maxSlots();
        this.needsAddresses = plan.tests().stream().anyMatch(test -> test.gang != null);
        this.recordsPackages = plan.recordsPackages();
        this.context = context;
    }

    /** Reads the properties of a system, once. */
    void read(int id, int provisioner, String source, Remote remote, Consumer<Guard.Result<Arrival>> then) {
        guard.start(
                Guard.Phase.WORK,
                "a system of " + source + " (reading of its name and labels)",
                limits.call(),
                () -> {
                    Instant expires = remote.expires();
                    PoolSystem.Facts facts = new PoolSystem.Facts(
                            id,
                            provisioner,
                            notNull(remote.name(), "its name"),
                            notNull(remote.host(), "its host"),
                            Map.copyOf(notNull(remote.labels(), "its labels")),
                            Math.max(1, Math.min(maxSlots, remote.slots())),
                            expires == null ? null : context.ofWall(expires));
                    String address = needsAddresses ? address(remote) : "";
                    return new Arrival(facts, notNull(remote.connection(), "its connection"), address);
                },
                then,
                late -> {});
    }

    @SuppressWarnings({"ConstantValue", "NullAway"}) // user code may return null where it must not
    private static <T> T notNull(T value, String what) {
        if (value == null) {
            throw new IllegalStateException(what + " is null");
        }
        return value;
    }

    /** A system without a usable address can still run tests that need no other. */
    private String address(Remote remote) {
        String why;
        try {
            String address = notNull(remote.address(), "its address");
            if (!address.isBlank() && address.chars().noneMatch(Character::isISOControl)) {
                return address;
            }
            why = "it is blank or contains control characters";
        } catch (Throwable e) {
            why = Throwables.describe(e);
        }
        context.problem(Problem.overcome(
                "the address of " + remote.name() + " is not known, and its name is used instead: " + why));
        return remote.name();
    }

    Guard.Call<?> prepare(OpenSystem openSystem, Consumer<Guard.Result<Executor>> then) {
        return guard.start(
                Guard.Phase.WORK,
                "the preparation of " + openSystem.name(),
                limits.setUp(),
                () -> {
                    hook.run(openSystem.remote);
                    Executor executor = notNull(factory.open(openSystem.remote), "the executor that was opened");
                    try {
                        openSystem.login = List.copyOf(openSystem.connection.loginCommand());
                        if (recordsPackages) {
                            describePackages(openSystem);
                        }
                        return executor;
                    } catch (Throwable e) {
                        closeQuietly(executor);
                        throw e;
                    }
                },
                then,
                SystemTasks::closeQuietly);
    }

    /** Last, as the preparation may install packages. */
    private static void describePackages(OpenSystem openSystem) throws InterruptedException {
        String packages = InstalledPackages.of(openSystem.connection);
        if (!packages.isEmpty()) {
            openSystem.describe(InstalledPackages.LABEL, packages);
        }
    }

    private static void closeQuietly(Executor executor) {
        try {
            executor.close();
        } catch (Throwable e) {
            Throwables.warn("could not close an executor that is not used", e);
        }
    }

    /** Closes the executor, if there is one. */
    void closeExecutor(OpenSystem openSystem, Runnable then) {
        Executor executor = openSystem.executor;
        if (executor == null) {
            then.run();
            return;
        }
        release("the executor on " + openSystem.name() + " (closing)", executor::close, problem -> {
            if (!problem.isEmpty()) {
                context.problem(
                        Problem.infrastructure("the system " + openSystem.name() + " was not cleaned up: " + problem));
            }
            then.run();
        });
    }

    /** Resets a system; reports whether that was done. */
    Guard.Call<?> reset(OpenSystem openSystem, Consumer<Boolean> then) {
        return guard.start(
                Guard.Phase.WORK,
                "the reset of " + openSystem.name(),
                limits.setUp(),
                openSystem.remote::reset,
                result -> {
                    if (!(result instanceof Guard.Result.Done || result instanceof Guard.Result.Cancelled)) {
                        context.problem(Problem.overcome("the system " + openSystem.name()
                                + " could not be reset and is replaced: " + result.problem()));
                    }
                    then.accept(result instanceof Guard.Result.Done<Boolean>(Boolean done) && done);
                },
                late -> {});
    }

    void giveBack(String name, Remote remote, Runnable then) {
        release("the system " + name + " (release)", remote::close, problem -> {
            if (!problem.isEmpty()) {
                context.problem(Problem.infrastructure("the system " + name + " was not released: " + problem));
            }
            then.run();
        });
    }

    private void release(String what, Guard.Action code, Consumer<String> then) {
        guard.start(
                Guard.Phase.RELEASE,
                what,
                limits.cleanUp(),
                () -> {
                    code.run();
                    return true;
                },
                result -> then.accept(result.problem()),
                late -> {});
    }
}

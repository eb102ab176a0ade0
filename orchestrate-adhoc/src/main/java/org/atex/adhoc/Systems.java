package org.atex.adhoc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.atex.api.Executor;
import org.atex.api.Problem;
import org.atex.api.Remote;
import org.atex.api.RunEvent;
import org.jspecify.annotations.Nullable;

/**
 * The systems of a run: requests, accepts, prepares, resets and releases them. Confined to the thread of the run,
 * except for the methods of {@link ProvisionerClient.Listener}.
 */
final class Systems implements ProvisionerClient.Listener {
    private final RunContext context;
    private final Guard guard;
    private final RunResults results;
    private final SystemTasks tasks;
    private final Fixtures fixtures;
    private final List<ProvisionerClient> clients = new ArrayList<>();
    private final Map<Integer, OpenSystem> openSystems = new HashMap<>();
    /** The systems in use, by identity: {@code equals} is user code. */
    private final Set<Remote> remotes = Collections.newSetFromMap(new IdentityHashMap<>());

    private final Map<Integer, Deque<Long>> asked = new HashMap<>();
    private final List<CompletableFuture<Boolean>> givingBack = new ArrayList<>();
    private int lastId;

    Systems(RunPlan plan, RunContext context, Guard guard, RunResults results, Fixtures fixtures) {
        this.fixtures = fixtures;
        this.context = context;
        this.guard = guard;
        this.results = results;
        this.tasks = new SystemTasks(guard, plan, context);
        for (int i = 0; i < plan.provisioners().size(); i++) {
            NamedProvisioner named = plan.provisioners().get(i);
            clients.add(new ProvisionerClient(
                    i,
                    named.name(),
                    named.provisioner(),
                    guard,
                    plan.limits(),
                    plan.rules().systemWithin(),
                    this));
        }
    }

    void start() {
        clients.forEach(ProvisionerClient::start);
    }

    private String name(int provisioner) {
        return clients.get(provisioner).name();
    }

    OpenSystem openSystem(int id) {
        OpenSystem openSystem = openSystems.get(id);
        if (openSystem == null) {
            throw new IllegalStateException("system " + id + " is not in the pool");
        }
        return openSystem;
    }

    void cancelPreparation(int id) {
        cancel(openSystem(id).preparation);
    }

    void cancelTests() {
        openSystems.values().forEach(openSystem -> openSystem.calls.values().forEach(Guard.Call::cancel));
    }

    private static void cancel(Guard.@Nullable Call<?> call) {
        if (call != null) {
            call.cancel();
        }
    }

    void ask(int provisioner, int count) {
        Deque<Long> when = asked.computeIfAbsent(provisioner, p -> new ArrayDeque<>());
        for (int i = 0; i < count; i++) {
            when.add(System.nanoTime());
        }
        context.publish(stamp -> new RunEvent.SystemsRequested(stamp, name(provisioner), count));
        clients.get(provisioner).ask(count);
    }

    void forget(int provisioner) {
        asked.remove(provisioner);
        clients.get(provisioner).forget();
    }

    @Override
    public void arrived(int provisioner, Remote remote) {
        context.post(() -> {
            if (context.isOver()) {
                giveBackLate(provisioner, remote);
                return;
            }
            // A provisioner that hands out a system twice would run two tests in one slot.
            if (!remotes.add(remote)) {
                notOffered(provisioner, false, null, name(provisioner) + " offered a system that is still in use");
                return;
            }
            context.step(new Event.Arriving(provisioner));
            int id = ++lastId;
            tasks.read(
                    id,
                    provisioner,
                    name(provisioner),
                    remote,
                    result -> context.post(() -> facts(provisioner, id, remote, result)));
        });
    }

    private void facts(int provisioner, int id, Remote remote, Guard.Result<SystemTasks.Arrival> result) {
        if (result instanceof Guard.Result.Done<SystemTasks.Arrival>(SystemTasks.Arrival arrival)) {
            OpenSystem openSystem = new OpenSystem(
                    arrival.facts(),
                    name(provisioner),
                    remote,
                    arrival.connection(),
                    arrival.address(),
                    askedAt(provisioner));
            openSystems.put(id, openSystem);
            context.step(new Event.Offered(arrival.facts()));
        } else {
            remotes.remove(remote);
            notOffered(provisioner, true, null, name(provisioner) + " offered an unusable system: " + result.problem());
            giveBackLate(provisioner, remote);
        }
    }

    private long askedAt(int provisioner) {
        Deque<Long> when = asked.get(provisioner);
        Long first = when == null ? null : when.poll();
        return first == null ? System.nanoTime() : first;
    }

    @Override
    public void failed(int provisioner, @Nullable String host, String why) {
        context.post(() -> {
            askedAt(provisioner);
            notOffered(provisioner, false, host, why);
        });
    }

    private void notOffered(int provisioner, boolean arriving, @Nullable String host, String why) {
        String name = host == null ? name(provisioner) : host;
        setUpFailed(name, why);
        context.step(new Event.NotOffered(provisioner, arriving, host, why));
    }

    private void setUpFailed(String name, String why) {
        context.publish(stamp -> new RunEvent.SetupFailed(stamp, name, why));
        results.setUpFailed(name, why);
    }

    @Override
    public void notAsked(int provisioner, int count, String why) {
        context.post(() -> {
            setUpFailed(name(provisioner), why);
            context.step(new Event.NotAsked(provisioner, count, why));
        });
    }

    @Override
    public void exhausted(int provisioner, String why, boolean forGood) {
        context.post(() -> {
            asked.remove(provisioner);
            context.step(new Event.Exhausted(provisioner, why, forGood));
        });
    }

    @Override
    public void waiting(int provisioner, String why) {
        context.post(() -> context.step(new Event.Waiting(provisioner, why)));
    }

    @Override
    public void problem(String what) {
        context.problem(Problem.infrastructure(what));
    }

    void prepare(int id) {
        OpenSystem openSystem = openSystem(id);
        long begin = System.nanoTime();
        openSystem.preparation =
                tasks.prepare(openSystem, result -> context.post(() -> prepared(openSystem, begin, result)));
    }

    private void prepared(OpenSystem openSystem, long begin, Guard.Result<Executor> result) {
        openSystem.preparation = null;
        if (result instanceof Guard.Result.Done<Executor>(Executor opened)) {
            openSystem.executor = opened;
            long now = System.nanoTime();
            Duration sinceAsked = Duration.ofNanos(now - openSystem.askedAt);
            context.publish(stamp ->
                    new RunEvent.SystemReady(stamp, openSystem.info(), sinceAsked, Duration.ofNanos(now - begin)));
            context.step(new Event.Prepared(openSystem.id()));
            return;
        }
        String why = result instanceof Guard.Result.Cancelled
                ? "its preparation was cancelled"
                : openSystem.name() + " could not be prepared: " + result.problem();
        if (!(result instanceof Guard.Result.Cancelled)) {
            setUpFailed(openSystem.name(), why);
        }
        context.step(new Event.PreparationFailed(openSystem.id(), why));
    }

    void renew(int id, String why) {
        fixtures.leave(id, () -> renewWithoutFixtures(openSystem(id), why));
    }

    private void renewWithoutFixtures(OpenSystem openSystem, String why) {
        tasks.closeExecutor(
                openSystem,
                () -> context.post(() -> {
                    openSystem.executor = null;
                    openSystem.preparation = tasks.reset(
                            openSystem,
                            done -> context.post(() -> {
                                openSystem.preparation = null;
                                if (done) {
                                    context.step(new Event.Renewed(openSystem.id()));
                                } else {
                                    release(openSystem, why);
                                }
                            }));
                }));
    }

    /** Publishes that a system is held for a person, with a file by which the person can free it. */
    void hold(Decision.HoldSystem hold) {
        OpenSystem openSystem = openSystem(hold.system());
        try {
            Path marker = HeldMarker.create(openSystem, hold);
            openSystem.marker = marker;
            context.publish(stamp -> new RunEvent.SystemHeld(
                    stamp, openSystem.info(), hold.test().name(), hold.until(), openSystem.login, marker));
        } catch (IOException e) {
            context.problem(Problem.overcome("the system " + openSystem.name() + " could not be held after "
                    + hold.test().name() + " failed: " + Throwables.describe(e)));
            context.post(() -> context.step(new Event.Freed(openSystem.id())));
        }
    }

    /** Reports the held systems whose files were deleted. */
    void checkHeld() {
        for (OpenSystem openSystem : List.copyOf(openSystems.values())) {
            if (openSystem.marker != null && Files.notExists(openSystem.marker)) {
                openSystem.marker = null;
                context.step(new Event.Freed(openSystem.id()));
            }
        }
    }

    void release(int id, String why) {
        release(openSystem(id), why);
    }

    private void release(OpenSystem openSystem, String why) {
        HeldMarker.delete(openSystem);
        Runnable giveBack = () -> tasks.giveBack(
                openSystem.name(),
                openSystem.remote,
                () -> context.post(() -> {
                    openSystems.remove(openSystem.id());
                    remotes.remove(openSystem.remote);
                    context.publish(stamp -> new RunEvent.SystemGone(stamp, openSystem.info(), why));
                    context.step(new Event.Released(openSystem.id()));
                }));
        if (guard.isEnding()) {
            fixtures.leave(openSystem.id(), () -> {});
            giveBack.run();
        } else {
            fixtures.leave(openSystem.id(), () -> tasks.closeExecutor(openSystem, giveBack));
        }
    }

    private void giveBackLate(int provisioner, Remote remote) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        givingBack.add(done);
        tasks.giveBack("that " + name(provisioner) + " offered", remote, () -> done.complete(true));
    }

    /** Stops taking systems; systems that arrive later are released. */
    void stopTaking() {
        clients.forEach(ProvisionerClient::stop);
        clients.forEach(ProvisionerClient::awaitEnd);
    }

    /** Waits until all late systems are released. */
    void awaitLate() {
        givingBack.forEach(CompletableFuture::join);
    }

    /** Cancels all calls, without the schedule. */
    void cancelAll() {
        for (OpenSystem openSystem : openSystems.values()) {
            cancel(openSystem.preparation);
            openSystem.calls.values().forEach(Guard.Call::cancel);
            HeldMarker.delete(openSystem);
        }
    }

    /** Releases all systems, without the schedule. */
    void abandonAll() {
        CountDownLatch releases = new CountDownLatch(openSystems.size());
        openSystems
                .values()
                .forEach(openSystem -> tasks.giveBack(openSystem.name(), openSystem.remote, releases::countDown));
        try {
            releases.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

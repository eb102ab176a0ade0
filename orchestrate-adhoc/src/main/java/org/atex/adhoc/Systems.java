package org.atex.adhoc;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.atex.api.Executor;
import org.atex.api.Problem;
import org.atex.api.Remote;
import org.atex.api.RunEvent;
import org.jspecify.annotations.Nullable;

/**
 * The systems of a run: requests, accepts, prepares, resets and releases them. Confined to the thread of the run,
 * except for the methods of {@link Source.Listener}.
 */
final class Systems implements Source.Listener {
    private final Steps steps;
    private final Guard guard;
    private final Ledger ledger;
    private final SystemWork systemWork;
    private final List<Source> sources = new ArrayList<>();
    private final Map<Integer, Member> members = new HashMap<>();
    private final Map<Integer, Deque<Long>> asked = new HashMap<>();
    private final List<CompletableFuture<Boolean>> givingBack = new ArrayList<>();
    private int lastId;

    Systems(RunPlan plan, Steps steps, Guard guard, Ledger ledger) {
        this.steps = steps;
        this.guard = guard;
        this.ledger = ledger;
        this.systemWork = new SystemWork(guard, plan, steps);
        for (int i = 0; i < plan.provisioners().size(); i++) {
            NamedProvisioner named = plan.provisioners().get(i);
            sources.add(new Source(i, named.name(), named.provisioner(), guard, plan.limits(), this));
        }
    }

    void start() {
        sources.forEach(Source::start);
    }

    private String name(int provisioner) {
        return sources.get(provisioner).name();
    }

    Member member(int id) {
        Member member = members.get(id);
        if (member == null) {
            throw new IllegalStateException("system " + id + " is not in the pool");
        }
        return member;
    }

    void cancelPreparation(int id) {
        cancel(member(id).preparation);
    }

    void cancelTests() {
        members.values().forEach(member -> member.places.values().forEach(Guard.Call::cancel));
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
        steps.publish(stamp -> new RunEvent.SystemsAsked(stamp, name(provisioner), count));
        sources.get(provisioner).ask(count);
    }

    void forget(int provisioner) {
        asked.remove(provisioner);
        sources.get(provisioner).forget();
    }

    @Override
    public void arrived(int provisioner, Remote remote) {
        steps.post(() -> {
            if (steps.isOver()) {
                giveBackLate(provisioner, remote);
                return;
            }
            // A provisioner that hands out a system twice would run two tests in one slot.
            boolean again = members.values().stream().anyMatch(member -> member.is(remote));
            if (again) {
                notOffered(
                        provisioner,
                        false,
                        null,
                        name(provisioner) + " offered a system that is still in use");
                return;
            }
            steps.step(new Event.Arriving(provisioner));
            int id = ++lastId;
            systemWork.read(
                    id,
                    provisioner,
                    name(provisioner),
                    remote,
                    result -> steps.post(() -> facts(provisioner, id, remote, result)));
        });
    }

    private void facts(int provisioner, int id, Remote remote, Guard.Result<SystemWork.Arrival> result) {
        if (result instanceof Guard.Result.Done<SystemWork.Arrival>(SystemWork.Arrival arrival)) {
            Member member =
                    new Member(arrival.facts(), name(provisioner), remote, arrival.connection(), askedAt(provisioner));
            members.put(id, member);
            steps.step(new Event.Offered(arrival.facts()));
        } else {
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
        steps.post(() -> {
            askedAt(provisioner);
            notOffered(provisioner, false, host, why);
        });
    }

    private void notOffered(int provisioner, boolean arriving, @Nullable String host, String why) {
        String name = host == null ? name(provisioner) : host;
        setUpFailed(name, why);
        steps.step(new Event.NotOffered(provisioner, arriving, host, why));
    }

    private void setUpFailed(String name, String why) {
        steps.publish(stamp -> new RunEvent.SetupFailed(stamp, name, why));
        ledger.setUpFailed(name, why);
    }

    @Override
    public void notAsked(int provisioner, int count, String why) {
        steps.post(() -> {
            setUpFailed(name(provisioner), why);
            steps.step(new Event.NotAsked(provisioner, count, why));
        });
    }

    @Override
    public void exhausted(int provisioner, String why, boolean forGood) {
        steps.post(() -> {
            asked.remove(provisioner);
            steps.step(new Event.Exhausted(provisioner, why, forGood));
        });
    }

    @Override
    public void problem(String what) {
        steps.problem(Problem.infrastructure(what));
    }

    void prepare(int id) {
        Member member = member(id);
        long begin = System.nanoTime();
        member.preparation = systemWork.prepare(member, result -> steps.post(() -> prepared(member, begin, result)));
    }

    private void prepared(Member member, long begin, Guard.Result<Executor> result) {
        member.preparation = null;
        if (result instanceof Guard.Result.Done<Executor>(Executor opened)) {
            member.executor = opened;
            long now = System.nanoTime();
            Duration sinceAsked = Duration.ofNanos(now - member.askedAt);
            steps.publish(
                    stamp -> new RunEvent.SystemReady(stamp, member.info(), sinceAsked, Duration.ofNanos(now - begin)));
            steps.step(new Event.Prepared(member.id()));
            return;
        }
        String why = result instanceof Guard.Result.Cancelled
                ? "its preparation was cancelled"
                : member.name() + " could not be prepared: " + result.problem();
        if (!(result instanceof Guard.Result.Cancelled)) {
            setUpFailed(member.name(), why);
        }
        steps.step(new Event.PreparationFailed(member.id(), why));
    }

    void renew(int id, String why) {
        Member member = member(id);
        systemWork.closeExecutor(
                member,
                () -> steps.post(() -> {
                    member.executor = null;
                    member.preparation = systemWork.reset(
                            member,
                            done -> steps.post(() -> {
                                member.preparation = null;
                                if (done) {
                                    steps.step(new Event.Renewed(member.id()));
                                } else {
                                    release(member, why);
                                }
                            }));
                }));
    }

    void release(int id, String why) {
        release(member(id), why);
    }

    private void release(Member member, String why) {
        Runnable giveBack = () -> systemWork.giveBack(
                member.name(),
                member.remote,
                () -> steps.post(() -> {
                    members.remove(member.id());
                    steps.publish(stamp -> new RunEvent.SystemGone(stamp, member.info(), why));
                    steps.step(new Event.Released(member.id()));
                }));
        if (guard.isHurried()) {
            giveBack.run();
        } else {
            systemWork.closeExecutor(member, giveBack);
        }
    }

    private void giveBackLate(int provisioner, Remote remote) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        givingBack.add(done);
        systemWork.giveBack("that " + name(provisioner) + " offered", remote, () -> done.complete(true));
    }

    /** Stops taking systems; systems that arrive later are released. */
    void stopTaking() {
        sources.forEach(Source::stop);
        sources.forEach(Source::awaitEnd);
    }

    /** Waits until all late systems are released. */
    void awaitLate() {
        givingBack.forEach(CompletableFuture::join);
    }

    /** Cancels all calls and releases all systems, without the schedule. */
    void abandonAll() {
        for (Member member : members.values()) {
            cancel(member.preparation);
            member.places.values().forEach(Guard.Call::cancel);
        }
        CountDownLatch releases = new CountDownLatch(members.size());
        members.values().forEach(member -> systemWork.giveBack(member.name(), member.remote, releases::countDown));
        try {
            releases.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

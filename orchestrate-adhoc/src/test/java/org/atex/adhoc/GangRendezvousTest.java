package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Where the members of a gang meet, and what happens if one of them ends. */
class GangRendezvousTest {
    private final GangRendezvous meeting = new GangRendezvous(
            List.of("server", "client-1", "client-2"),
            List.of("server:bind", "client-1:connect", "server:accept", "client-1:connect"));

    private static String why(CompletableFuture<?> future) {
        assertThat(future).isCompletedExceptionally();
        return String.valueOf(future.exceptionNow().getMessage());
    }

    @Test
    void allGoOnWhenTheLastHasReachedABarrier() {
        CompletableFuture<Void> server = meeting.barrier("server", "ready", 0);
        CompletableFuture<Void> first = meeting.barrier("client-1", "ready", 0);
        assertThat(server).isNotDone();
        assertThat(meeting.barrier("server", "ready", 0)).as("once more").isSameAs(server);
        CompletableFuture<Void> second = meeting.barrier("client-2", "ready", 3);
        assertThat(List.of(server, first, second)).allMatch(one -> one.isDone() && !one.isCompletedExceptionally());
        assertThat(meeting.barrier("server", "ready", 0)).as("the next round").isNotDone();
    }

    @Test
    void someOfTheMembersMeet() {
        CompletableFuture<Void> first = meeting.barrier("client-1", "clients", 2);
        assertThat(why(meeting.barrier("client-2", "clients", 3)))
                .isEqualTo("at the barrier clients, client-1 waits for 2 systems, but client-2 for 3");
        assertThat(meeting.barrier("client-2", "clients", 2)).isDone();
        assertThat(first).isDone();
        assertThat(why(meeting.barrier("server", "all", 4)))
                .isEqualTo("the barrier all needs 4 systems, but the test has 3");
    }

    @Test
    void barrierFailsWhenTooFewAreLeft() {
        CompletableFuture<Void> all = meeting.barrier("server", "all", 0);
        CompletableFuture<Void> two = meeting.barrier("server", "two", 2);
        meeting.ended("client-1", "has ended: LOST");
        assertThat(why(all)).isEqualTo("the barrier all needs 3 systems: client-1 has ended: LOST");
        assertThat(two).as("client-2 may still come").isNotDone();
        assertThat(why(meeting.barrier("client-2", "all", 0))).contains("client-1 has ended: LOST");
        meeting.ended("client-2", "has ended: PASSED");
        assertThat(why(two)).contains("client-1 has ended: LOST, client-2 has ended: PASSED");
    }

    @Test
    void messagesReachAllOthersInOrder() {
        CompletableFuture<Map<String, String>> early = meeting.receive("client-1", "port");
        meeting.send("server", "port", Map.of("number", "1"));
        meeting.send("server", "port", Map.of("number", "2"));
        assertThat(early).isCompletedWithValue(Map.of("number", "1"));
        assertThat(meeting.receive("client-1", "port")).isCompletedWithValue(Map.of("number", "2"));
        assertThat(meeting.receive("client-2", "port")).isCompletedWithValue(Map.of("number", "1"));
        assertThat(meeting.receive("client-2", "port")).isCompletedWithValue(Map.of("number", "2"));
        assertThat(meeting.receive("server", "port")).as("its own messages").isNotDone();
    }

    @Test
    void messageOfAMemberThatHasEndedIsReceived() {
        CompletableFuture<Map<String, String>> never = meeting.receive("server", "never");
        meeting.send("client-1", "done", Map.of());
        meeting.ended("client-1", "has ended: PASSED");
        meeting.ended("client-2", "has ended: FAILED");
        assertThat(why(never))
                .isEqualTo("the message never cannot come any more: client-1 has ended: PASSED,"
                        + " client-2 has ended: FAILED");
        assertThat(meeting.receive("server", "done")).isCompletedWithValue(Map.of());
        assertThat(why(meeting.receive("server", "done"))).contains("cannot come any more");
    }

    @Test
    void stateStaysSet() {
        CompletableFuture<Void> all =
                meeting.awaitStates("server", Set.of("DONE", "FAILED"), Set.of("client-1", "client-2"), false);
        CompletableFuture<Void> any =
                meeting.awaitStates("server", Set.of("DONE", "FAILED"), Set.of("client-1", "client-2"), true);
        meeting.setState("client-1", "OTHER");
        assertThat(any).isNotDone();
        meeting.setState("client-1", "DONE");
        assertThat(any).isCompleted();
        assertThat(all).isNotDone();
        meeting.ended("client-1", "has passed");
        meeting.setState("client-2", "FAILED");
        assertThat(all).isCompleted();
        assertThat(meeting.awaitStates("client-2", Set.of("DONE"), Set.of("client-1"), false))
                .as("again, and of one that has ended")
                .isCompleted();
    }

    @Test
    void stateOfAMemberThatHasEndedIsNotAwaited() {
        CompletableFuture<Void> any = meeting.awaitStates("server", Set.of("UP"), Set.of("client-1", "client-2"), true);
        CompletableFuture<Void> all =
                meeting.awaitStates("server", Set.of("UP"), Set.of("client-1", "client-2"), false);
        CompletableFuture<Void> own = meeting.awaitStates("client-1", Set.of("UP"), Set.of("server"), false);
        meeting.ended("client-1", "has passed");
        assertThat(why(all)).isEqualTo("the state UP cannot be set any more: client-1 has passed");
        assertThat(any).isNotDone();
        meeting.ended("client-2", "has failed");
        assertThat(why(any)).isEqualTo("the state UP cannot be set any more: client-1 has passed, client-2 has failed");
        meeting.setState("server", "UP");
        assertThat(own).as("its part has ended").isNotDone();
    }

    @Test
    void checkpointsPassInTheirOrder() {
        CompletableFuture<Void> connect = meeting.checkpoint("client-1", "connect");
        assertThat(meeting.checkpoint("client-2", "connect"))
                .as("not in the order")
                .isCompleted();
        assertThat(connect).as("before the server").isNotDone();
        assertThat(meeting.checkpoint("server", "accept"))
                .as("not the next one of the server")
                .isCompleted();
        assertThat(meeting.checkpoint("server", "bind")).isCompleted();
        assertThat(connect).as("while the server moves").isNotDone();
        CompletableFuture<Void> accept = meeting.checkpoint("server", "accept");
        assertThat(connect).isCompleted();
        assertThat(accept).as("while the client moves").isNotDone();
        CompletableFuture<Void> again = meeting.checkpoint("client-1", "connect");
        assertThat(accept).isCompleted();
        assertThat(again).isNotDone();
        meeting.ended("server", "has passed");
        assertThat(again).as("all others have ended").isCompleted();
        assertThat(meeting.checkpoint("client-1", "connect"))
                .as("after the order")
                .isCompleted();
    }

    @Test
    void checkpointPassesWhileOthersWaitForThisMember() {
        CompletableFuture<Map<String, String>> message = meeting.receive("client-1", "go");
        assertThat(meeting.checkpoint("server", "bind")).isCompleted();
        meeting.send("server", "go", Map.of());
        assertThat(message).isCompleted();
        CompletableFuture<Void> accept = meeting.checkpoint("server", "accept");
        assertThat(accept).as("while the client moves").isNotDone();
        assertThat(meeting.checkpoint("client-1", "connect")).isCompleted();
        CompletableFuture<Void> barrier = meeting.barrier("client-1", "later", 2);
        assertThat(accept).as("while the client waits").isCompleted();
        assertThat(barrier).isNotDone();
    }

    @Test
    void checkpointOfAMemberThatHasEndedIsNotAwaited() {
        CompletableFuture<Void> connect = meeting.checkpoint("client-1", "connect");
        assertThat(meeting.checkpoint("client-1", "connect"))
                .as("again, before its turn")
                .isSameAs(connect);
        meeting.ended("client-2", "has passed");
        assertThat(connect).isNotDone();
        meeting.ended("server", "has failed");
        assertThat(why(connect))
                .isEqualTo("the checkpoint bind of server cannot be reached any more: server has failed");
        assertThat(why(meeting.checkpoint("client-1", "connect"))).contains("cannot be reached any more");
    }

    @Property(tries = 2000, seed = "17")
    void whateverHappensNobodyWaitsForTheDead(@ForAll long seed) {
        Random random = new Random(seed);
        int members = 1 + random.nextInt(4);
        List<String> guests = new ArrayList<>();
        for (int i = 0; i < members; i++) {
            guests.add("g" + i);
        }
        List<String> order = new ArrayList<>();
        for (int i = random.nextInt(8); i > 0; i--) {
            order.add("g" + random.nextInt(members) + ":n" + random.nextInt(2));
        }
        GangRendezvous own = new GangRendezvous(guests, order);
        List<CompletableFuture<?>> futures = new ArrayList<>();
        List<String> running = new ArrayList<>(guests);
        while (!running.isEmpty()) {
            String guest = running.get(random.nextInt(running.size()));
            String name = "n" + random.nextInt(2);
            switch (random.nextInt(7)) {
                case 0 -> futures.add(own.barrier(guest, name, random.nextInt(members + 1)));
                case 1 -> own.send(guest, name, Map.of());
                case 2 -> futures.add(own.receive(guest, name));
                case 3 -> own.setState(guest, name);
                case 5 -> futures.add(own.checkpoint(guest, name));
                case 4 ->
                    futures.add(own.awaitStates(
                            guest,
                            Set.of(name),
                            Set.copyOf(guests.subList(0, 1 + random.nextInt(members))),
                            random.nextBoolean()));
                default -> {
                    running.remove(guest);
                    own.ended(guest, "has ended");
                }
            }
            if (running.size() == 1) {
                String last = running.get(0);
                Set<String> others =
                        guests.stream().filter(other -> !other.equals(last)).collect(Collectors.toSet());
                assertThat(own.awaitStates(last, Set.of("never"), others, false).isDone())
                        .as("no other is left that could set a state")
                        .isTrue();
                assertThat(own.checkpoint(last, name))
                        .as("no other is left that could pass a checkpoint first, in the order " + order)
                        .isDone();
                assertThat(own.barrier(last, "last", 2)).as("too few are left").isDone();
            }
        }
        assertThat(own.receive(guests.get(0), "none")).isCompletedExceptionally();
    }

    @Test
    void arrivalAndAnEndAtOnceLeaveNobodyWaiting() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            for (int i = 0; i < 2_000; i++) {
                GangRendezvous own = new GangRendezvous(List.of("a", "b"), List.of());
                AtomicInteger done = new AtomicInteger();
                CyclicBarrier both = new CyclicBarrier(2);
                Future<?> end = threads.submit(() -> {
                    both.await();
                    own.ended("b", "has ended");
                    return null;
                });
                both.await();
                own.barrier("a", "x", 0).whenComplete((unused, failure) -> done.incrementAndGet());
                end.get();
                assertThat(done).as("told once, in round " + i).hasValue(1);
            }
        }
    }
}

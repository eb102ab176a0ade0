package org.atex.adhoc;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.atex.api.Rendezvous;
import org.jspecify.annotations.Nullable;

/** Where the members of a gang meet in one attempt. Thread-safe. */
final class GangRendezvous implements Rendezvous {
    private record Message(String from, Map<String, String> values) {}

    /** Members that wait at a barrier. */
    private static final class Barrier {
        final int count;
        final Map<String, CompletableFuture<Void>> waiting = new LinkedHashMap<>();

        Barrier(int count) {
            this.count = count;
        }
    }

    /** The messages of one name, and who waits for one. */
    private static final class Mailbox {
        final List<Message> messages = new ArrayList<>();
        /** How many of the messages each member has looked at. */
        final Map<String, Integer> read = new HashMap<>();

        final Map<String, CompletableFuture<Map<String, String>>> waiting = new LinkedHashMap<>();

        /** Returns the next message for a member, or null. */
        @Nullable
        Message next(String guest) {
            int i = read.getOrDefault(guest, 0);
            while (i < messages.size()) {
                Message message = messages.get(i++);
                if (!message.from().equals(guest)) {
                    read.put(guest, i);
                    return message;
                }
            }
            return null;
        }
    }

    /** A member that waits for states of others. */
    private record Block(
            String guest, Set<String> states, Set<String> systems, boolean any, CompletableFuture<Void> future) {}

    private final int members;

    // Guarded by this.
    private final Set<String> running;
    private final Map<String, String> ended = new LinkedHashMap<>();
    private final Map<String, Barrier> barriers = new HashMap<>();
    private final Map<String, Mailbox> mailboxes = new HashMap<>();
    private final Map<String, Set<String>> states = new HashMap<>();
    private final Set<Block> blocks = new LinkedHashSet<>();
    private final CheckpointOrder order;

    /**
     * Creates a place without anybody waiting.
     *
     * @param guests the names of the members
     * @param order the checkpoints that they pass in this order
     */
    GangRendezvous(List<String> guests, List<String> order) {
        this.members = guests.size();
        this.running = new LinkedHashSet<>(guests);
        this.order = new CheckpointOrder(order);
    }

    @Override
    public CompletableFuture<Void> barrier(String guest, String name, int count) {
        List<CompletableFuture<Void>> open = new ArrayList<>();
        CompletableFuture<Void> mine;
        synchronized (this) {
            int needed = count == 0 ? members : count;
            if (needed > members) {
                return CompletableFuture.failedFuture(new IllegalStateException(
                        "the barrier " + name + " needs " + needed + " systems, but the test has " + members));
            }
            Barrier barrier = barriers.computeIfAbsent(name, unused -> new Barrier(needed));
            if (barrier.count != needed) {
                return CompletableFuture.failedFuture(new IllegalStateException("at the barrier " + name + ", "
                        + String.join(", ", barrier.waiting.keySet()) + " waits for " + barrier.count
                        + " systems, but " + guest + " for " + needed));
            }
            mine = barrier.waiting.computeIfAbsent(guest, unused -> new CompletableFuture<>());
            if (barrier.waiting.size() < needed) {
                String why = whyHopeless(name, barrier);
                if (why != null) {
                    barriers.remove(name);
                    return CompletableFuture.failedFuture(new IllegalStateException(why));
                }
                waits(guest, open);
            } else {
                barriers.remove(name);
                barrier.waiting.keySet().forEach(order::moves);
                open.addAll(barrier.waiting.values());
            }
        }
        complete(open);
        return mine;
    }

    /** A member waits. Adds the future of the one whose turn it is then. */
    private void waits(String guest, List<CompletableFuture<Void>> open) {
        order.waits(guest);
        release(open);
    }

    /** Without the lock: what depends on the futures is code of executors. */
    private static void complete(List<CompletableFuture<Void>> open) {
        open.forEach(one -> one.complete(null));
    }

    private void release(List<CompletableFuture<Void>> open) {
        CompletableFuture<Void> turn = order.release();
        if (turn != null) {
            open.add(turn);
        }
    }

    @Override
    public CompletableFuture<Void> checkpoint(String guest, String name) {
        List<CompletableFuture<Void>> open = new ArrayList<>();
        CompletableFuture<Void> mine;
        synchronized (this) {
            mine = order.reached(guest, name);
            if (!mine.isDone()) {
                waits(guest, open);
            }
        }
        complete(open);
        return mine;
    }

    /** Returns why a barrier cannot be passed any more, or null. */
    private @Nullable String whyHopeless(String name, Barrier barrier) {
        long mayCome = running.stream()
                .filter(guest -> !barrier.waiting.containsKey(guest))
                .count();
        return barrier.waiting.size() + mayCome >= barrier.count
                ? null
                : "the barrier " + name + " needs " + barrier.count + " systems: " + String.join(", ", ended.values());
    }

    @Override
    public void send(String guest, String name, Map<String, String> values) {
        Message message = new Message(guest, Map.copyOf(values));
        List<CompletableFuture<Map<String, String>>> receivers = new ArrayList<>();
        synchronized (this) {
            Mailbox mailbox = mailboxes.computeIfAbsent(name, unused -> new Mailbox());
            mailbox.messages.add(message);
            mailbox.waiting.entrySet().removeIf(waiting -> {
                boolean receives = mailbox.next(waiting.getKey()) != null;
                if (receives) {
                    order.moves(waiting.getKey());
                    receivers.add(waiting.getValue());
                }
                return receives;
            });
        }
        // Without the lock: what depends on the futures is code of executors.
        receivers.forEach(one -> one.complete(message.values()));
    }

    @Override
    public CompletableFuture<Map<String, String>> receive(String guest, String name) {
        List<CompletableFuture<Void>> open = new ArrayList<>();
        CompletableFuture<Map<String, String>> mine;
        synchronized (this) {
            Mailbox mailbox = mailboxes.computeIfAbsent(name, unused -> new Mailbox());
            Message next = mailbox.next(guest);
            if (next != null) {
                return CompletableFuture.completedFuture(next.values());
            }
            if (!mayStillCome(guest)) {
                return CompletableFuture.failedFuture(new IllegalStateException(whyNone(name)));
            }
            mine = mailbox.waiting.computeIfAbsent(guest, unused -> new CompletableFuture<>());
            waits(guest, open);
        }
        complete(open);
        return mine;
    }

    private boolean mayStillCome(String guest) {
        return running.stream().anyMatch(other -> !other.equals(guest));
    }

    private String whyNone(String name) {
        return "the message " + name + " cannot come any more: " + String.join(", ", ended.values());
    }

    @Override
    public void setState(String guest, String state) {
        List<Block> open;
        synchronized (this) {
            states.computeIfAbsent(guest, unused -> new HashSet<>()).add(state);
            open = blocks.stream().filter(this::isOpen).toList();
            open.forEach(blocks::remove);
            open.forEach(block -> order.moves(block.guest()));
        }
        open.forEach(block -> block.future().complete(null));
    }

    @Override
    public CompletableFuture<Void> awaitStates(String guest, Set<String> wanted, Set<String> systems, boolean any) {
        Block block = new Block(guest, Set.copyOf(wanted), Set.copyOf(systems), any, new CompletableFuture<>());
        List<CompletableFuture<Void>> open = new ArrayList<>();
        synchronized (this) {
            if (isOpen(block)) {
                return CompletableFuture.completedFuture(null);
            }
            String why = whyClosed(block);
            if (why != null) {
                return CompletableFuture.failedFuture(new IllegalStateException(why));
            }
            blocks.add(block);
            waits(guest, open);
        }
        complete(open);
        return block.future();
    }

    private boolean isOpen(Block block) {
        return block.any()
                ? block.systems().stream().anyMatch(system -> hasState(system, block))
                : block.systems().stream().allMatch(system -> hasState(system, block));
    }

    private boolean hasState(String system, Block block) {
        return states.getOrDefault(system, Set.of()).stream().anyMatch(block.states()::contains);
    }

    /** Returns why the states for which a member waits cannot be set any more, or null. */
    private @Nullable String whyClosed(Block block) {
        List<String> never = block.systems().stream()
                .filter(system -> !running.contains(system) && !hasState(system, block))
                .sorted()
                .toList();
        if (never.isEmpty() || block.any() && never.size() < block.systems().size()) {
            return null;
        }
        return "the state "
                + block.states().stream().sorted().collect(Collectors.joining(" or "))
                + " cannot be set any more: "
                + never.stream()
                        .map(system -> ended.getOrDefault(system, system + " is not one of the systems"))
                        .collect(Collectors.joining(", "));
    }

    /**
     * A member has ended. What waits for it fails.
     *
     * @param guest the member
     * @param how how it ended, for people
     */
    void ended(String guest, String how) {
        Map<CompletableFuture<?>, String> failed = new LinkedHashMap<>();
        List<CompletableFuture<Void>> open = new ArrayList<>();
        synchronized (this) {
            running.remove(guest);
            ended.put(guest, guest + " " + how);
            order.ended(guest, guest + " " + how).forEach(one -> failed.put(one, String.valueOf(order.broken())));
            barriers.entrySet().removeIf(entry -> {
                Barrier barrier = entry.getValue();
                barrier.waiting.remove(guest);
                String why = whyHopeless(entry.getKey(), barrier);
                if (why != null) {
                    barrier.waiting.keySet().forEach(order::moves);
                    barrier.waiting.values().forEach(one -> failed.put(one, why));
                }
                return why != null || barrier.waiting.isEmpty();
            });
            mailboxes.forEach((name, mailbox) -> {
                mailbox.waiting.remove(guest);
                mailbox.waiting.entrySet().removeIf(waiting -> {
                    boolean hopeless = !mayStillCome(waiting.getKey());
                    if (hopeless) {
                        order.moves(waiting.getKey());
                        failed.put(waiting.getValue(), whyNone(name));
                    }
                    return hopeless;
                });
            });
            blocks.removeIf(block -> {
                String why = whyClosed(block);
                if (why != null) {
                    order.moves(block.guest());
                    failed.put(block.future(), why);
                }
                return why != null || block.guest().equals(guest);
            });
            release(open);
        }
        complete(open);
        failed.forEach((one, why) -> one.completeExceptionally(new IllegalStateException(why)));
    }
}

package org.atex.adhoc;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The order in which members of a gang pass checkpoints, in one attempt. The next checkpoint is passed when no member in
 * the order moves: each waits, or has ended.
 *
 * <p>Guarded by its {@link GangRendezvous}. Futures that its methods return are completed by the caller.
 */
final class CheckpointOrder {
    private record Point(String guest, String name) {}

    private final Deque<Point> rest = new ArrayDeque<>();
    /** The members in the order that have not ended. */
    private final Set<String> members;

    private final Set<String> moving;
    private final Map<String, CompletableFuture<Void>> parked = new HashMap<>();
    /** Why the next checkpoint cannot be reached any more, or null. */
    private @Nullable String broken;

    /**
     * Creates the order.
     *
     * @param points the checkpoints, each with the name of its member
     */
    CheckpointOrder(List<String> points) {
        for (String point : points) {
            int colon = point.indexOf(':');
            rest.add(new Point(point.substring(0, colon), point.substring(colon + 1)));
        }
        members = rest.stream().map(Point::guest).collect(Collectors.toCollection(HashSet::new));
        moving = new HashSet<>(members);
    }

    /** A member has reached a checkpoint. {@return a future that is done if it need not wait} */
    CompletableFuture<Void> reached(String guest, String name) {
        CompletableFuture<Void> same = parked.get(guest);
        if (same != null) {
            return same;
        }
        if (!name.equals(next(guest))) {
            return CompletableFuture.completedFuture(null);
        }
        if (broken != null) {
            return CompletableFuture.failedFuture(new IllegalStateException(broken));
        }
        CompletableFuture<Void> turn = new CompletableFuture<>();
        parked.put(guest, turn);
        return turn;
    }

    /** Returns the next checkpoint of a member, or null. */
    private @Nullable String next(String guest) {
        return rest.stream()
                .filter(point -> point.guest().equals(guest))
                .map(Point::name)
                .findFirst()
                .orElse(null);
    }

    /** A member waits, here or for another member. */
    void waits(String guest) {
        moving.remove(guest);
    }

    /** A member goes on, unless another of its processes waits at a checkpoint. */
    void moves(String guest) {
        if (members.contains(guest) && !parked.containsKey(guest)) {
            moving.add(guest);
        }
    }

    /** {@return the future of the member whose turn it is, once; null if there is none now} */
    @Nullable
    CompletableFuture<Void> release() {
        Point next = rest.peek();
        CompletableFuture<Void> turn = next == null || !moving.isEmpty() ? null : parked.remove(next.guest());
        if (next != null && turn != null) {
            rest.remove();
            moving.add(next.guest());
        }
        return turn;
    }

    /**
     * A member has ended.
     *
     * @param guest the member
     * @param how its name and how it ended, for people
     * @return the futures that fail because of it
     */
    List<CompletableFuture<Void>> ended(String guest, String how) {
        members.remove(guest);
        moving.remove(guest);
        parked.remove(guest);
        String missing = next(guest);
        if (missing == null || broken != null) {
            return List.of();
        }
        broken = "the checkpoint " + missing + " of " + guest + " cannot be reached any more: " + how;
        List<CompletableFuture<Void>> failed = List.copyOf(parked.values());
        parked.clear();
        return failed;
    }

    /** {@return why checkpoints cannot be passed any more, or null} */
    @Nullable
    String broken() {
        return broken;
    }
}

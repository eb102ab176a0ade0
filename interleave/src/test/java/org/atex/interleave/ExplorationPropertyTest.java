package org.atex.interleave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Compares the orders of random programs with locks with those of a model. */
class ExplorationPropertyTest {
    private static final int LOCKS = 2;

    /**
     * An actor as a list of operations: -1 is a point, and another number takes the lock with this number, or releases it
     * if the actor holds it.
     */
    private static List<Integer> program(Random random) {
        List<Integer> program = new ArrayList<>();
        for (int lock = 0; lock < LOCKS; lock++) {
            if (random.nextInt(4) > 0) {
                program.addAll(List.of(lock, lock));
            }
        }
        int points = random.nextInt(3);
        program.addAll(Collections.nCopies(points, -1));
        Collections.shuffle(program, random);
        return program;
    }

    private static ActorBody body(List<Integer> program, List<ReentrantLock> locks) {
        return checkpoints -> {
            try {
                for (int operation : program) {
                    if (operation < 0) {
                        checkpoints.reach("point");
                    } else if (locks.get(operation).isHeldByCurrentThread()) {
                        locks.get(operation).unlock();
                    } else {
                        locks.get(operation).lockInterruptibly();
                    }
                }
            } finally {
                locks.stream().filter(ReentrantLock::isHeldByCurrentThread).forEach(ReentrantLock::unlock);
            }
        };
    }

    private static Scenario scenario(List<List<Integer>> programs) {
        return trial -> {
            List<ReentrantLock> locks =
                    IntStream.range(0, LOCKS).mapToObj(i -> new ReentrantLock()).toList();
            for (int i = 0; i < programs.size(); i++) {
                trial.actor("actor" + i, body(programs.get(i), locks));
            }
        };
    }

    /** Counts orders by trying all of them on a copy of the state. */
    private static final class Model {
        private final List<List<Integer>> programs;
        private int orders;
        private int blocked;
        private boolean deadlock;

        Model(List<List<Integer>> programs) {
            this.programs = programs;
            int[] owners = new int[LOCKS];
            java.util.Arrays.fill(owners, -1);
            count(new int[programs.size()], owners);
        }

        private void count(int[] positions, int[] owners) {
            int live = 0;
            int stuck = 0;
            for (int actor = 0; actor < positions.length; actor++) {
                if (positions[actor] >= 0) {
                    live++;
                    int[] next = positions.clone();
                    int[] nextOwners = owners.clone();
                    next[actor] = move(actor, positions[actor], nextOwners);
                    if (next[actor] == BLOCKED) {
                        stuck++;
                    } else {
                        count(next, nextOwners);
                    }
                }
            }
            blocked += stuck;
            deadlock |= live > 0 && stuck == live;
            orders += live == 0 ? 1 : 0;
        }

        private static final int BLOCKED = -2;
        private static final int ENDED = -1;

        /** Returns the position behind the next point. */
        private int move(int actor, int from, int[] owners) {
            List<Integer> program = programs.get(actor);
            for (int i = from; i < program.size(); i++) {
                int lock = program.get(i);
                if (lock < 0) {
                    return i + 1;
                }
                if (owners[lock] >= 0 && owners[lock] != actor) {
                    return BLOCKED;
                }
                owners[lock] = owners[lock] == actor ? -1 : actor;
            }
            return ENDED;
        }
    }

    @Property(tries = 25)
    void allOrdersAreThoseOfTheModel(@ForAll Random random) throws InterruptedException {
        int actors = 2 + random.nextInt(2);
        List<List<Integer>> programs =
                IntStream.range(0, actors).mapToObj(i -> program(random)).toList();
        Model model = new Model(programs);
        Exploration exploration = Exploration.of(scenario(programs));
        if (model.deadlock) {
            Throwable error = catchThrowable(exploration::explore);
            assertThat(error).isInstanceOf(FailingOrderError.class).hasMessageContaining("deadlock");
        } else {
            assertThat(exploration.explore())
                    .as("programs %s", programs)
                    .isEqualTo(new ExploredOrders(model.orders, model.blocked, true));
        }
    }

    @Property(tries = 10)
    void randomOrdersFailOnlyIfTheModelDoes(@ForAll Random random) throws InterruptedException {
        List<List<Integer>> programs =
                IntStream.range(0, 3).mapToObj(i -> program(random)).toList();
        Model model = new Model(programs);
        try {
            ExploredOrders explored = Exploration.of(scenario(programs)).explore(random.nextLong(), 6);
            assertThat(explored.orders()).isBetween(1, 6);
        } catch (FailingOrderError e) {
            assertThat(e).hasMessageContaining("deadlock");
            assertThat(model.deadlock).isTrue();
        }
    }

    /** An actor that reads a shared number, writes its successor, and reaches points, in random order. */
    private static String updates(Random random) {
        List<Character> program = new ArrayList<>(List.of('p', 'p'));
        int length = 1 + random.nextInt(4);
        for (int i = 0; i < length; i++) {
            program.add("rw".charAt(random.nextInt(2)));
        }
        Collections.shuffle(program, random);
        // At most two points, which have 1,680 orders in three actors.
        int removed = random.nextInt(3);
        for (int i = 0; i < removed; i++) {
            program.remove((Object) 'p');
        }
        return program.stream().map(String::valueOf).collect(Collectors.joining());
    }

    /** The shared number, with the value that each actor has read. */
    private static final class Shared {
        private int value;
        private final int[] read;
        private final List<Integer> moves = new ArrayList<>();

        Shared(int actors) {
            read = new int[actors];
        }

        void act(char operation, int actor) {
            if (operation == 'r') {
                read[actor] = value;
            } else if (operation == 'w') {
                value = read[actor] + 1;
            }
        }
    }

    private static ActorBody body(String program, int actor, Shared shared) {
        return checkpoints -> {
            shared.moves.add(actor);
            for (char operation : program.toCharArray()) {
                if (operation == 'p') {
                    checkpoints.reach("point");
                    shared.moves.add(actor);
                } else {
                    shared.act(operation, actor);
                }
            }
        };
    }

    private static int switches(List<Integer> moves) {
        return (int) IntStream.range(1, moves.size())
                .filter(i -> !moves.get(i).equals(moves.get(i - 1)))
                .count();
    }

    /** Tries all orders of the parts between points, and notes the fewest switches of an order with a wrong result. */
    private static int fewestSwitches(List<String> programs, int[] positions, List<Integer> moves, int wrong) {
        int fewest = Integer.MAX_VALUE;
        boolean ended = true;
        for (int actor = 0; actor < programs.size(); actor++) {
            String[] parts = programs.get(actor).split("p", -1);
            if (positions[actor] < parts.length) {
                ended = false;
                positions[actor]++;
                moves.add(actor);
                fewest = Math.min(fewest, fewestSwitches(programs, positions, moves, wrong));
                moves.removeLast();
                positions[actor]--;
            }
        }
        return ended ? (result(programs, moves) == wrong ? switches(moves) : fewest) : fewest;
    }

    private static int result(List<String> programs, List<Integer> moves) {
        Shared shared = new Shared(programs.size());
        int[] positions = new int[programs.size()];
        for (int actor : moves) {
            String part = programs.get(actor).split("p", -1)[positions[actor]++];
            part.chars().forEach(operation -> shared.act((char) operation, actor));
        }
        return shared.value;
    }

    @Property(tries = 40)
    void smallestFailingOrderIsThatOfTheModelAndCanBeRepeated(@ForAll Random random) throws InterruptedException {
        List<String> programs = IntStream.range(0, 2 + random.nextInt(2))
                .mapToObj(i -> updates(random))
                .toList();
        int wrong = random.nextInt(4);
        int fewest = fewestSwitches(programs, new int[programs.size()], new ArrayList<>(), wrong);
        List<Shared> results = new ArrayList<>();
        Exploration exploration = Exploration.of(trial -> {
            Shared shared = new Shared(programs.size());
            for (int i = 0; i < programs.size(); i++) {
                trial.actor("actor" + i, body(programs.get(i), i, shared));
            }
            trial.check(() -> {
                results.add(shared);
                assertThat(shared.value).isNotEqualTo(wrong);
            });
        });
        FailingOrderError error = catchThrowableOfType(FailingOrderError.class, exploration::explore);
        if (fewest == Integer.MAX_VALUE) {
            assertThat(error).isNull();
            return;
        }
        assertThat(error).as("programs %s, wrong result %d", programs, wrong).isNotNull();
        assertThat(switches(results.getLast().moves)).isEqualTo(fewest);
        Shared again = new Shared(programs.size());
        Interleaving.Plan plan = Interleaving.plan().withOrder(error.order());
        for (int i = 0; i < programs.size(); i++) {
            plan = plan.withActor("actor" + i, body(programs.get(i), i, again));
        }
        try (Interleaving run = plan.start()) {
            run.runToEnd();
        }
        assertThat(again.value).isEqualTo(wrong);
        assertThat(again.moves).isEqualTo(results.getLast().moves);
    }
}

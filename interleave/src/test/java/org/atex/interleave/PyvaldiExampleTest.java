package org.atex.interleave;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The examples of pyvaldi, the Python library with the same purpose: machines with phases. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class PyvaldiExampleTest {
    interface Phases {
        void first();

        void second();

        void third();
    }

    /** A machine that notes its phases. */
    private static final class Machine implements Phases {
        private final List<Integer> steps = new CopyOnWriteArrayList<>();

        @Override
        public void first() {
            steps.add(1);
        }

        @Override
        public void second() {
            steps.add(2);
        }

        @Override
        public void third() {
            steps.add(3);
        }

        ActorBody body() {
            return checkpoints -> {
                Phases phases = checkpoints.wrap(Phases.class, "machine", this);
                phases.first();
                phases.second();
                phases.third();
            };
        }
    }

    private final Machine machine1 = new Machine();
    private final Machine machine2 = new Machine();

    private Interleaving start(String... order) throws InterruptedException {
        return Interleaving.plan()
                .withActor("p1", machine1.body())
                .withActor("p2", machine2.body())
                .withOrder(order)
                .start();
    }

    @Test
    void firstMachineFinishesThenTheSecondStarts() throws InterruptedException {
        try (Interleaving run = start("p1:after machine.third", "p2:before machine.first")) {
            run.runTo("p1:after machine.third");
            assertThat(machine1.steps).containsExactly(1, 2, 3);
            assertThat(machine2.steps).isEmpty();
            run.runTo("p2:before machine.first");
            assertThat(machine2.steps).isEmpty();
            run.runToEnd();
            assertThat(machine2.steps).containsExactly(1, 2, 3);
        }
    }

    @Test
    void stateChangesAfterEachCheckpoint() throws InterruptedException {
        try (Interleaving run = start(
                "p2:start",
                "p1:before machine.first",
                "p1:before machine.second",
                "p1:before machine.third",
                "p1:after machine.third")) {
            assertThat(machine1.steps).isEmpty();
            run.runTo("p1:before machine.second");
            assertThat(machine1.steps).containsExactly(1);
            run.runTo("p1:before machine.third");
            assertThat(machine1.steps).containsExactly(1, 2);
            run.runTo("p1:after machine.third");
            assertThat(machine1.steps).containsExactly(1, 2, 3);
        }
    }

    @Test
    void mixedOrderOfTwoMachines() throws InterruptedException {
        String[] order = {
            "p1:before machine.first",
            "p2:before machine.first",
            "p1:before machine.second",
            "p1:before machine.third",
            "p2:before machine.second",
            "p2:before machine.third"
        };
        try (Interleaving run = start(order)) {
            for (String point : order) {
                assertThat(run.next()).contains(Point.of(point));
            }
            assertThat(run.next())
                    .as("unlike pyvaldi, whose last step is the last point")
                    .isEmpty();
        }
    }

    /** The first machine has passed its last point, so it runs to its end before the second one goes on. */
    @Test
    void machineRunsToItsEndAfterItsLastCheckpoint() throws InterruptedException {
        try (Interleaving run = start("p1:before machine.third", "p2:before machine.third")) {
            run.runTo("p2:before machine.third");
            assertThat(machine1.steps).containsExactly(1, 2, 3);
            assertThat(machine2.steps).containsExactly(1, 2);
        }
    }
}

package org.atex.provision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.atex.api.Offer;
import org.atex.api.PlainRemote;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.testkit.Call;
import org.atex.testkit.FakeConnection;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@Timeout(180)
@ExtendWith(LeakCheck.class)
class ProvisionersTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private static Remote machine(String name) {
        return PlainRemote.builder(name, FakeConnection.obedient()).build();
    }

    private static Remote ready(Provisioner provisioner) throws InterruptedException {
        Offer offer = provisioner.take(LONG);
        assertThat(offer).isInstanceOf(Offer.Ready.class);
        return ((Offer.Ready) offer).remote();
    }

    private static ProvisioningException failure(Provisioner provisioner) throws InterruptedException {
        provisioner.provision(1);
        Offer offer = provisioner.take(LONG);
        assertThat(offer).isInstanceOf(Offer.Failed.class);
        return ((Offer.Failed) offer).cause();
    }

    @Test
    void offerWithoutSystemThrowsItsReason() {
        ProvisioningException cause = new ProvisioningException("no power", null, "rack-1");
        assertThatThrownBy(() -> new Offer.Failed(cause).orThrow())
                .isInstanceOfSatisfying(ProvisioningException.class, e -> {
                    assertThat(e).hasMessage("no power").hasCause(cause);
                    assertThat(e.host()).contains("rack-1");
                });
        assertThatThrownBy(() -> new Offer.Exhausted("the rack is empty").orThrow())
                .isInstanceOf(ProvisioningException.class)
                .hasMessage("no system is available: the rack is empty");
        assertThatThrownBy(() -> new Offer.None().orThrow())
                .isInstanceOf(ProvisioningException.class)
                .hasMessage("no system became ready within the given time");
        assertThatThrownBy(() -> new Offer.None("the rack is dark").orThrow())
                .isInstanceOf(ProvisioningException.class)
                .hasMessage("no system became ready within the given time: the rack is dark");
        Remote system = machine("one");
        assertThat(new Offer.Ready(system).orThrow()).isSameAs(system);
    }

    @Test
    void takeTellsWhyThereIsNoSystem() throws InterruptedException {
        CountDownLatch go = new CountDownLatch(1);
        SystemMaker slow = number -> {
            go.await();
            return machine("one");
        };
        try (Provisioner provisioner =
                Provisioners.builder(slow).name("racks").maxSystems(1).build()) {
            assertThatThrownBy(() -> provisioner.take(Duration.ZERO).orThrow())
                    .hasMessageEndingWith(": racks: none is requested");

            provisioner.provision(3);
            assertThat(why(provisioner))
                    .matches("racks: 1 is being started, the first for \\d+ s;"
                            + " 2 are requested and must wait, since at most 1 exist at the same time");

            go.countDown();
            ready(provisioner);
            assertThat(why(provisioner))
                    .isEqualTo("racks: 2 are requested and must wait, since at most 1 exist at the same time;"
                            + " 1 is not closed");
        }
    }

    private static String why(Provisioner provisioner) throws InterruptedException {
        return provisioner.take(Duration.ZERO) instanceof Offer.None(String why) ? why : "no such offer";
    }

    @Test
    void connectionIsEnough() throws InterruptedException {
        try (Provisioner provisioner = Provisioners.of(2, number -> Remote.of(FakeConnection.obedient()))) {
            provisioner.provision(2);
            assertThat(ready(provisioner).name())
                    .isNotEqualTo(ready(provisioner).name());
        }
    }

    @Test
    void nameIsKeptAndNumberedWhenItIsUsedAgain() throws InterruptedException {
        try (Provisioner provisioner = Provisioners.of(1, number -> machine("one"))) {
            provisioner.provision(2);
            Remote first = ready(provisioner);
            assertThat(first.name()).isEqualTo("one");
            first.close();
            Remote second = ready(provisioner);
            assertThat(second.name()).isEqualTo("one#2");
            assertThat(second.host()).isEqualTo("one");
        }
    }

    @Test
    void systemHasItsOwnPropertiesAndTheCommonLabels() throws InterruptedException {
        Remote made = PlainRemote.builder("one", FakeConnection.obedient())
                .label("arch", "s390x")
                .host("lpar")
                .slots(3)
                .reset(() -> true)
                .build();
        try (Provisioner provisioner = Provisioners.builder(number -> made)
                .label("site", "brno")
                .name("partitions")
                .maxSystems(7)
                .build()) {
            provisioner.provision(1);
            Remote remote = ready(provisioner);
            assertThat(remote.labels()).isEqualTo(Map.of("arch", "s390x", "reset", "fresh", "site", "brno"));
            assertThat(remote.host()).isEqualTo("lpar");
            assertThat(remote.slots()).isEqualTo(3);
            assertThat(provisioner).hasToString("partitions, at most 7 at once");
        }
    }

    @Test
    void everythingThatAMakerThrowsCostsOneRequest() throws InterruptedException {
        List<Throwable> thrown = List.of(
                new IOException("disk full"),
                new IllegalStateException("no quota"),
                new NoClassDefFoundError("org/example/Missing"),
                new StackOverflowError(),
                new InterruptedException("interrupted by somebody"));
        AtomicInteger calls = new AtomicInteger();
        try (Provisioner provisioner = Provisioners.of(1, number -> {
            int call = calls.getAndIncrement();
            if (call < thrown.size()) {
                throw sneaky(thrown.get(call));
            }
            return machine("good");
        })) {
            for (Throwable expected : thrown) {
                assertThat(failure(provisioner))
                        .hasCause(expected)
                        .hasMessageStartingWith("could not make one of the systems: ");
            }
            provisioner.provision(1);
            assertThat(ready(provisioner).name()).isEqualTo("good");
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> Exception sneaky(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Test
    void failureWithAHostIsOfferedAsItIs() throws InterruptedException {
        ProvisioningException why = new ProvisioningException("host a does not answer", null, "a");
        try (Provisioner provisioner = Provisioners.of(1, number -> {
            throw why;
        })) {
            assertThat(failure(provisioner)).isSameAs(why);
        }
    }

    @Test
    @SuppressWarnings("NullAway") // on purpose
    void nullIsAFailure() throws InterruptedException {
        try (Provisioner provisioner = Provisioners.of(1, number -> null)) {
            assertThat(failure(provisioner)).hasMessageContaining("the maker returned null");
        }
    }

    @Test
    void systemThatIsInUseIsNotHandedOutTwiceAndNotClosed() throws InterruptedException {
        FakeConnection connection = FakeConnection.obedient();
        Remote same = PlainRemote.builder("same", connection).build();
        try (Provisioner provisioner = Provisioners.of(2, number -> same)) {
            provisioner.provision(1);
            Remote first = ready(provisioner);
            assertThat(failure(provisioner)).hasMessageContaining("same, which is in use already");
            assertThat(first.connection().run(org.atex.api.Command.of("true")).succeeded())
                    .as("the first system still works")
                    .isTrue();
        }
    }

    @Test
    void makerThatTakesTooLongIsInterruptedAndItsRequestFails() throws InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        try (Provisioner provisioner = Provisioners.builder(number -> {
                    try {
                        never.await();
                    } finally {
                        interrupted.countDown();
                    }
                    return machine("late");
                })
                .startWithin(Duration.ofMillis(50))
                .build()) {
            assertThat(failure(provisioner))
                    .hasMessageContaining("within PT0.05S")
                    .hasMessageContaining("startWithin");
            interrupted.await();
        }
    }

    @Test
    void systemThatComesAfterItsRequestWasWithdrawnIsClosed() throws InterruptedException {
        CountDownLatch making = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (Provisioner provisioner = Provisioners.of(1, number -> {
            making.countDown();
            // Does not react to the interrupt.
            while (goOn.getCount() > 0) {
                Thread.onSpinWait();
            }
            return PlainRemote.builder("late", FakeConnection.obedient())
                    .onClose(closed::countDown)
                    .build();
        })) {
            provisioner.provision(1);
            making.await();
            provisioner.clear();
            goOn.countDown();
            closed.await();
            assertThat(provisioner.take(Duration.ZERO)).isEqualTo(new Offer.None("systems: none is requested"));
        }
    }

    @Test
    void closeReturnsInTimeAlthoughAMakerAndASystemHang() throws Exception {
        CountDownLatch making = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        Provisioner provisioner = Provisioners.builder(number -> {
                    if (number == 2) {
                        making.countDown();
                        awaitDeaf(end);
                    }
                    return PlainRemote.builder("system-" + number, FakeConnection.obedient())
                            .onClose(() -> awaitDeaf(end))
                            .build();
                })
                .maxConcurrentStarts(1)
                .closeWithin(Duration.ofMillis(100))
                .build();
        provisioner.provision(2);
        ready(provisioner);
        making.await();

        Call.of(() -> {
                    provisioner.close();
                    return true;
                })
                .result();
        end.countDown();
    }

    private static void awaitDeaf(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                // deaf
            }
        }
    }

    @Test
    void exhaustedMakerIsAskedAgainWhenASystemIsClosed() throws InterruptedException {
        AtomicInteger free = new AtomicInteger(1);
        try (Provisioner provisioner = Provisioners.of(5, number -> {
            if (free.getAndUpdate(n -> Math.max(0, n - 1)) == 0) {
                throw new NoMoreSystemsException("the rack has one machine");
            }
            return PlainRemote.builder("rack", FakeConnection.obedient())
                    .onClose(free::incrementAndGet)
                    .build();
        })) {
            provisioner.provision(1);
            Remote only = ready(provisioner);
            provisioner.provision(2);
            assertThat(provisioner.take(LONG)).isEqualTo(new Offer.Exhausted("the rack has one machine"));
            only.close();
            ready(provisioner).close();
            ready(provisioner).close();
        }
    }

    @Test
    void makerWithoutSystemIsAskedAgainIfASystemWasClosedMeanwhile() throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        try (Provisioner provisioner = Provisioners.of(5, number -> {
            if (number == 2) {
                asked.countDown();
                closed.await();
                throw new NoMoreSystemsException("the rack has one machine");
            }
            return machine("rack");
        })) {
            provisioner.provision(1);
            Remote only = ready(provisioner);
            provisioner.provision(1);
            asked.await();
            only.close();
            closed.countDown();
            ready(provisioner).close();
        }
    }

    @Test
    void limitsAreRefusedBelowOne() {
        assertThatThrownBy(() -> Provisioners.of(0, number -> machine("none")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("maxSystems must be at least 1, not 0");
        assertThatThrownBy(() -> Provisioners.builder(number -> machine("none")).startWithin(Duration.ZERO))
                .hasMessage("startWithin must be positive, not PT0S");
    }

    @Test
    void tenThousandSystemsAreHandedOutAndGivenBack() throws InterruptedException {
        AtomicInteger open = new AtomicInteger();
        try (Provisioner provisioner = Provisioners.of(1_000, number -> {
            open.incrementAndGet();
            return PlainRemote.builder("system-" + number, FakeConnection.obedient())
                    .onClose(open::decrementAndGet)
                    .build();
        })) {
            provisioner.provision(10_000);
            List<Remote> batch = new ArrayList<>();
            for (int i = 0; i < 10_000; i++) {
                batch.add(ready(provisioner));
                if (batch.size() == 500) {
                    batch.forEach(Remote::close);
                    batch.clear();
                }
            }
        }
        assertThat(open).hasValue(0);
    }

    /** The fake answers every command with success, so that each file seems to exist. */
    @Test
    void resetThatRestoresNothingIsFoundOut() throws Exception {
        try (Provisioner machines = Provisioners.of(
                1,
                number -> PlainRemote.builder("machine", FakeConnection.obedient())
                        .reset(() -> true)
                        .build())) {
            machines.provision(1);
            try (Remote machine = ready(machines)) {
                assertThatThrownBy(machine::reset)
                        .isInstanceOf(ProvisioningException.class)
                        .hasMessageMatching("the reset of machine did not restore its files: /var/tmp/\\S+,"
                                + " written before, is still there");
            }
        }
    }

    @Test
    void resetIsNotCheckedIfTheSystemsProveIt() throws Exception {
        FakeConnection connection = FakeConnection.obedient();
        try (Provisioner machines = Provisioners.builder(number -> PlainRemote.builder("machine", connection)
                        .reset(() -> true)
                        .build())
                .checkResets(false)
                .build()) {
            machines.provision(1);
            try (Remote machine = ready(machines)) {
                assertThat(machine.reset()).isTrue();
                assertThat(connection.started()).isEmpty();
            }
        }
    }

    @Test
    void systemThatDeclaresNoResetGetsNoMarkerFile() throws Exception {
        FakeConnection connection = FakeConnection.obedient();
        try (Provisioner machines = Provisioners.of(1, number -> Remote.of(connection))) {
            machines.provision(1);
            try (Remote machine = ready(machines)) {
                assertThat(machine.reset()).isFalse();
                assertThat(connection.started()).isEmpty();
            }
        }
    }
}

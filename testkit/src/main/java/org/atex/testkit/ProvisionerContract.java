package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Tests of the rules for {@link Provisioner}: P01 and following in {@code docs/contract.md}.
 *
 * <p>An implementation inherits the tests by a subclass that opens a provisioner. If a system takes minutes to become
 * ready, override {@link #readyWithin()} and annotate the subclass with a longer {@code @Timeout}.
 */
@Timeout(300)
@SuppressWarnings("try") // close() is called early on purpose
public abstract class ProvisionerContract {
    private static final int THREADS = 16;

    @RegisterExtension
    final Trace trace = new Trace();

    private Provisioner provisioner;

    /** For subclasses. */
    @SuppressWarnings("NullAway.Init") // JUnit calls the method that fills the field
    protected ProvisionerContract() {}

    /**
     * {@return a new provisioner that can have at least two systems at once}
     *
     * @throws Exception if it cannot be opened
     */
    protected abstract Provisioner open() throws Exception;

    /** {@return the maximum of systems at once, or 0 if it is not known} */
    protected int maxSystems() {
        return 0;
    }

    /** {@return the time within which a system becomes ready} */
    protected Duration readyWithin() {
        return Call.SOON;
    }

    @BeforeEach
    void openFirst() throws Exception {
        provisioner = trace.of(open());
    }

    @AfterEach
    void closeLast() {
        provisioner.close();
    }

    private Remote ready() throws InterruptedException {
        Offer offer = provisioner.take(readyWithin());
        assertThat(offer)
                .as("the result of take() within %s, the value of readyWithin()", readyWithin())
                .isInstanceOf(Offer.Ready.class);
        return ((Offer.Ready) offer).remote();
    }

    private static boolean works(Remote remote) throws InterruptedException {
        return remote.connection().run(Command.of("true")).succeeded();
    }

    @Test
    void p01_requestedSystemsWork() throws Exception {
        provisioner.provision(2);

        assertThat(works(ready())).isTrue();
        assertThat(works(ready())).isTrue();
    }

    @Test
    void p02_takeWithoutARequestReturnsNone() throws Exception {
        assertThat(provisioner.take(Duration.ZERO)).isInstanceOf(Offer.None.class);
        assertThat(provisioner.take(Duration.ofMillis(20))).isInstanceOf(Offer.None.class);
    }

    @Test
    void p03_eachRequestedSystemIsOfferedOnce() throws Exception {
        provisioner.provision(1);
        provisioner.provision(1);
        ready();
        ready();

        assertThat(provisioner.take(Duration.ofMillis(20))).isNotInstanceOf(Offer.Ready.class);
    }

    @Test
    void p04_takeWaitsForALaterRequest() throws Exception {
        Call<Remote> taking = Call.of(this::ready).awaitBlocked();

        provisioner.provision(1);

        assertThat(works(taking.result(readyWithin().plus(Call.SOON)))).isTrue();
    }

    @Test
    void p05_requestForLessThanOneIsRejected() {
        assertThatThrownBy(() -> provisioner.provision(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> provisioner.provision(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void p06_namesAreUnique() throws Exception {
        provisioner.provision(2);
        try (Remote first = ready();
                Remote second = ready()) {
            assertThat(first.name()).isNotEmpty().isNotEqualTo(second.name());
        }
    }

    @Test
    void p07_systemReturnsTheSameValuesEachTime() throws Exception {
        provisioner.provision(1);
        Remote remote = ready();

        assertThat(remote.connection()).isSameAs(remote.connection());
        assertThat(remote.name()).isEqualTo(remote.name());
        assertThat(remote.labels()).isEqualTo(remote.labels());
        assertThat(remote.slots()).isPositive();
    }

    @Test
    void p08_systemsHaveTheAnnouncedLabels() throws Exception {
        Map<String, String> known = provisioner.labels();
        provisioner.provision(1);

        assertThat(ready().labels()).containsAllEntriesOf(known);
    }

    @Test
    void p09_interruptedTakeTakesNoSystem() throws Exception {
        assertThat(Call.of(() -> provisioner.take(Duration.ofHours(1)))
                        .awaitBlocked()
                        .interrupt()
                        .failure())
                .isInstanceOf(InterruptedException.class);
        provisioner.provision(1);

        assertThat(works(ready())).isTrue();
    }

    @Test
    void p10_clearWithdrawsOpenRequests() throws Exception {
        provisioner.provision(1);
        Remote kept = ready();
        provisioner.provision(1);

        provisioner.clear();

        assertThat(provisioner.take(Duration.ofMillis(50))).isInstanceOf(Offer.None.class);
        assertThat(works(kept)).isTrue();
        provisioner.provision(1);
        assertThat(works(ready())).isTrue();
    }

    @Test
    void p11_closedSystemHasAClosedConnection() throws Exception {
        boolean several = maxSystems() > 1;
        provisioner.provision(several ? 2 : 1);
        Remote remote = ready();
        List<Remote> others = several ? List.of(ready()) : List.of();
        Connection connection = remote.connection();

        remote.close();
        remote.close();

        assertThatThrownBy(() -> connection.start(Command.of("true"))).isInstanceOf(IllegalStateException.class);
        for (Remote other : others) {
            assertThatCode(() -> works(other))
                    .as("the use of %s after %s was closed", other.name(), remote.name())
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void p12_closeGivesBackTakenSystems() throws Exception {
        provisioner.provision(2);
        Connection taken = ready().connection();

        provisioner.close();

        assertThatThrownBy(() -> taken.start(Command.of("true"))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void p13_closeTwiceIsHarmless() throws Exception {
        provisioner.provision(1);
        Remote remote = ready();
        List<Call<Boolean>> calls = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            calls.add(Call.to(provisioner::close));
        }
        for (Call<Boolean> call : calls) {
            call.result();
        }
        provisioner.close();
        remote.close();
    }

    @Test
    void p14_closedProvisionerRejectsCalls() {
        provisioner.close();

        assertThatThrownBy(() -> provisioner.provision(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> provisioner.take(Duration.ZERO)).isInstanceOf(IllegalStateException.class);
        provisioner.clear();
    }

    @Test
    void p15_closeWakesWaitingTakes() throws Exception {
        Call<Offer> taking =
                Call.of(() -> provisioner.take(Duration.ofHours(1))).awaitBlocked();

        provisioner.close();

        assertThat(taking.failure()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void p16_takeDuringCloseIsGivenBackOrRejected() throws Exception {
        // Repeated, because the order of the two calls differs from run to run.
        for (int i = 0; i < 5; i++) {
            Provisioner shortLived = trace.of(open());
            shortLived.provision(1);
            Call<Offer> take = Call.of(() -> shortLived.take(readyWithin()));
            Call.to(shortLived::close).result();
            try {
                if (take.result() instanceof Offer.Ready ready) {
                    Connection connection = ready.remote().connection();
                    assertThatThrownBy(() -> connection.start(Command.of("true")))
                            .isInstanceOf(IllegalStateException.class);
                }
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("closed");
            }
        }
    }

    @Test
    void p17_maximumHoldsUntilASystemIsClosed() throws Exception {
        assumeTrue(maxSystems() > 0, "the maximum of systems of this provisioner is not known");
        provisioner.provision(maxSystems() + 1);
        List<Remote> taken = new ArrayList<>();
        for (int i = 0; i < maxSystems(); i++) {
            taken.add(ready());
        }
        assertThat(provisioner.take(Duration.ofMillis(50)))
                .as("the offer while %s systems, the maximum, are taken", maxSystems())
                .isNotInstanceOf(Offer.Ready.class);

        taken.getFirst().close();

        assertThat(works(ready())).isTrue();
    }

    @Test
    void p18_manyThreadsTakeEachSystemOnce() throws Exception {
        List<Call<String>> calls = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            calls.add(Call.of(() -> {
                provisioner.provision(1);
                while (true) {
                    // Another thread may hold the last system for a moment.
                    if (provisioner.take(Duration.ofMillis(50)) instanceof Offer.Ready ready) {
                        try (Remote remote = ready.remote()) {
                            return remote.name();
                        }
                    }
                }
            }));
        }
        Set<String> names = new HashSet<>();
        for (Call<String> call : calls) {
            names.add(call.result(readyWithin().multipliedBy(THREADS / 2))); // at least two systems at once
        }
        assertThat(names).hasSize(THREADS);
    }

    @Test
    void p19_systemWorksAfterResetAndIsFresh() throws Exception {
        provisioner.provision(1);
        Remote remote = ready();
        String file = "/var/tmp/atex-p19." + UUID.randomUUID();
        remote.connection().run(Command.bash("echo before >\"$1\"", file));

        if (remote.reset()) {
            assertThat(works(remote)).isTrue();
            assertThat(remote.connection()
                            .run(Command.bash("cat -- \"$1\" 2>/dev/null", file))
                            .stdout())
                    .as("a file that was written before the reset")
                    .isEmpty();
        } else {
            remote.connection().run(Command.of("rm", "-f", "--", file));
        }
    }

    @Test
    void p20_closeKeepsAPendingInterrupt() throws Exception {
        provisioner.provision(1);
        Connection connection = ready().connection();
        Thread.currentThread().interrupt();

        provisioner.close();

        assertThat(Thread.interrupted())
                .as("the interrupt is still pending after close()")
                .isTrue();
        assertThatThrownBy(() -> connection.start(Command.of("true"))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void p21_maxSystemsIsTheMaximumAtAnyTime() {
        int before = provisioner.maxSystems();
        assertThat(before).isPositive();
        if (maxSystems() > 0) {
            assertThat(before).isIn(maxSystems(), Integer.MAX_VALUE);
        }
        provisioner.provision(1);
        assertThat(provisioner.maxSystems()).isEqualTo(before);

        provisioner.close();

        assertThat(provisioner.maxSystems()).isEqualTo(before);
    }
}

package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * What every {@link Provisioner} does, a test a rule; the rules are P01 and following of {@code docs/contract.md}.
 *
 * <p>An implementation passes by a subclass that makes one. Where systems take minutes to come, raise the time limit by
 * annotating the subclass with {@code @Timeout}, and {@link #delivery()}.
 */
@Timeout(120)
@SuppressWarnings("try") // closing early is what is tested
public abstract class ProvisionerContract {
    private static final int THREADS = 16;

    @RegisterExtension
    final Trace trace = new Trace();

    private Provisioner provisioner;

    /** For subclasses. */
    @SuppressWarnings("NullAway.Init") // JUnit calls the method that fills the field
    protected ProvisionerContract() {}

    /**
     * {@return a new provisioner, which can have at least two systems at once}
     *
     * @throws Exception if there is none
     */
    protected abstract Provisioner open() throws Exception;

    /** {@return how many systems it can have at once, or 0 if nobody knows} */
    protected int cap() {
        return 0;
    }

    /** {@return how long a system may take to come} */
    protected Duration delivery() {
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
        Offer offer = provisioner.take(delivery());
        assertThat(offer)
                .as("what take() offered within %s, as delivery() says", delivery())
                .isInstanceOf(Offer.Ready.class);
        return ((Offer.Ready) offer).remote();
    }

    private static boolean works(Remote remote) throws InterruptedException {
        return remote.connection().run(Command.of("true")).succeeded();
    }

    @Test
    void p01_systemsThatAreAskedForComeAndWork() throws Exception {
        provisioner.provision(2);

        assertThat(works(ready())).isTrue();
        assertThat(works(ready())).isTrue();
    }

    @Test
    void p02_nothingComesUnasked() throws Exception {
        assertThat(provisioner.take(Duration.ZERO)).isEqualTo(new Offer.None());
        assertThat(provisioner.take(Duration.ofMillis(20))).isEqualTo(new Offer.None());
    }

    @Test
    void p03_eachOneAskedForIsOfferedOnce() throws Exception {
        provisioner.provision(1);
        provisioner.provision(1);
        ready();
        ready();

        assertThat(provisioner.take(Duration.ofMillis(20))).isNotInstanceOf(Offer.Ready.class);
    }

    @Test
    void p04_takeWaitsForWhoAsksLater() throws Exception {
        Call<Remote> taking = Call.of(this::ready).awaitBlocked();

        provisioner.provision(1);

        assertThat(works(taking.result(delivery().plus(Call.SOON)))).isTrue();
    }

    @Test
    void p05_lessThanOneIsRefused() {
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
    void p07_remoteSaysTheSameEachTime() throws Exception {
        provisioner.provision(1);
        Remote remote = ready();

        assertThat(remote.connection()).isSameAs(remote.connection());
        assertThat(remote.name()).isEqualTo(remote.name());
        assertThat(remote.labels()).isEqualTo(remote.labels());
        assertThat(remote.slots()).isPositive();
    }

    @Test
    void p08_labelsKnownBeforehandAreTrue() throws Exception {
        Map<String, String> known = provisioner.labels();
        provisioner.provision(1);

        assertThat(ready().labels()).containsAllEntriesOf(known);
    }

    @Test
    void p09_interruptedTakeTakesNothing() throws Exception {
        assertThat(Call.of(() -> provisioner.take(Duration.ofHours(1)))
                        .awaitBlocked()
                        .interrupt()
                        .failure())
                .isInstanceOf(InterruptedException.class);
        provisioner.provision(1);

        assertThat(works(ready())).isTrue();
    }

    @Test
    void p10_clearForgetsWhatWasNotHandedOut() throws Exception {
        provisioner.provision(1);
        Remote kept = ready();
        provisioner.provision(1);

        provisioner.clear();

        assertThat(provisioner.take(Duration.ofMillis(50))).isEqualTo(new Offer.None());
        assertThat(works(kept)).isTrue();
        provisioner.provision(1);
        assertThat(works(ready())).isTrue();
    }

    @Test
    void p11_closedRemoteHasAClosedConnection() throws Exception {
        provisioner.provision(1);
        Remote remote = ready();
        Connection connection = remote.connection();

        remote.close();
        remote.close();

        assertThatThrownBy(() -> connection.start(Command.of("true"))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void p12_closeGivesBackWhatWasTaken() throws Exception {
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
    void p14_closedProvisionerRefusesEverything() {
        provisioner.close();

        assertThatThrownBy(() -> provisioner.provision(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> provisioner.take(Duration.ZERO)).isInstanceOf(IllegalStateException.class);
        provisioner.clear();
    }

    @Test
    void p15_closeWakesWhoeverTakes() throws Exception {
        Call<Offer> taking =
                Call.of(() -> provisioner.take(Duration.ofHours(1))).awaitBlocked();

        provisioner.close();

        assertThat(taking.failure()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void p16_takeBesideCloseIsTakenAndGivenBackOrRefused() throws Exception {
        for (int i = 0; i < 5; i++) {
            Provisioner shortLived = trace.of(open());
            shortLived.provision(1);
            Call<Offer> take = Call.of(() -> shortLived.take(delivery()));
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
    void p17_capHoldsUntilOneIsGivenBack() throws Exception {
        assumeTrue(cap() > 0, "nobody knows how many systems this provisioner can have");
        provisioner.provision(cap() + 1);
        List<Remote> taken = new ArrayList<>();
        for (int i = 0; i < cap(); i++) {
            taken.add(ready());
        }
        assertThat(provisioner.take(Duration.ofMillis(50))).isNotInstanceOf(Offer.Ready.class);

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
                    // Somebody else may have the last one for a moment.
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
            names.add(call.result(delivery().multipliedBy(THREADS / 2))); // at least two at once
        }
        assertThat(names).hasSize(THREADS);
    }

    @Test
    void p19_resetIsDoneOrDenied() throws Exception {
        provisioner.provision(1);
        Remote remote = ready();

        if (remote.reset()) {
            assertThat(works(remote)).isTrue();
        }
    }

    @Test
    void p20_closeIsNotInterrupted() throws Exception {
        provisioner.provision(1);
        Connection connection = ready().connection();
        Thread.currentThread().interrupt();

        provisioner.close();

        assertThat(Thread.interrupted())
                .as("the interrupt is kept for whoever blocks next")
                .isTrue();
        assertThatThrownBy(() -> connection.start(Command.of("true"))).isInstanceOf(IllegalStateException.class);
    }
}

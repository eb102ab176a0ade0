package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** For each rule, a provisioner that violates it: only the test of this rule may fail. */
@Timeout(500)
class BrokenProvisionersTest {
    /** The contract of the provisioner under test. */
    static final class Contract extends ProvisionerContract {
        static Supplier<Provisioner> tested = DelegatingProvisioner::new;

        @Override
        protected Provisioner open() {
            return tested.get();
        }

        @Override
        protected int maxSystems() {
            return 3;
        }
    }

    @ParameterizedTest
    @MethodSource("broken")
    void onlyTheTestOfItsRuleFails(Broken<Supplier<Provisioner>> broken) {
        Contract.tested = broken.variant();

        broken.assertRejectedBy(Contract.class);
    }

    @Test
    void correctImplementationPasses() {
        Contract.tested = DelegatingProvisioner::new;

        assertThat(FailedRules.of(Contract.class)).isEmpty();
    }

    static Stream<Broken<Supplier<Provisioner>>> broken() {
        return Stream.of(
                Broken.of("p01", SecondSystemFails::new),
                Broken.of("p02", OffersWithoutRequest::new),
                Broken.of("p03", OffersTooMany::new),
                Broken.of("p04", IgnoresLaterRequests::new),
                Broken.of("p05", AcceptsZero::new),
                Broken.of("p06", SharesNames::new),
                Broken.of("p07", HasNoSlots::new),
                Broken.of("p08", AnnouncesWrongLabels::new),
                Broken.of("p09", SwallowsInterrupts::new),
                Broken.of("p10", IgnoresClear::new),
                Broken.of("p11", SystemsRejectSecondClose::new),
                Broken.of("p12", KeepsEarlySystems::new),
                Broken.of("p13", RejectsSecondClose::new),
                Broken.of("p14", AcceptsRequestsAfterClose::new),
                Broken.of("p15", ReturnsNoneOnClose::new),
                Broken.of("p16", HandsOutDuringClose::new),
                Broken.of("p17", ExceedsMaximum::new),
                Broken.of("p18", HandsOutTwice::new),
                Broken.of("p19", ClosesOnReset::new),
                Broken.of("p20", LosesInterruptOnClose::new),
                Broken.of("p21", UnderstatesMaximum::new));
    }

    /** A correct provisioner, which broken ones extend. */
    private static class DelegatingProvisioner implements Provisioner {
        final FakeProvisioner good = FakeProvisioner.of(
                        FakeSystem.ready().withLabels(Map.of("arch", "fake")).withReset())
                .maxSystems(3);

        @Override
        public void provision(int count) {
            good.provision(count);
        }

        @Override
        public Offer take(Duration atMost) throws InterruptedException {
            Offer offer = good.take(atMost);
            return offer instanceof Offer.Ready ready ? new Offer.Ready(changed(ready.remote())) : offer;
        }

        Remote changed(Remote remote) {
            return remote;
        }

        @Override
        public void clear() {
            good.clear();
        }

        @Override
        public Map<String, String> labels() {
            return good.labels();
        }

        @Override
        public int maxSystems() {
            return good.maxSystems();
        }

        @Override
        public void close() {
            good.close();
        }
    }

    /** A correct system, which broken ones extend. */
    private static class DelegatingRemote implements Remote {
        private final Remote good;

        DelegatingRemote(Remote good) {
            this.good = good;
        }

        @Override
        public String name() {
            return good.name();
        }

        @Override
        public Map<String, String> labels() {
            return good.labels();
        }

        @Override
        public Connection connection() {
            return good.connection();
        }

        @Override
        public int slots() {
            return good.slots();
        }

        @Override
        public boolean reset() throws InterruptedException {
            return good.reset();
        }

        @Override
        public void close() {
            good.close();
        }
    }

    /** A system with a connection of its own instead of that of its provisioner. */
    private static class RemoteWithOwnConnection extends DelegatingRemote {
        private final FakeConnection own;

        RemoteWithOwnConnection(Remote good, FakeConnection own) {
            super(good);
            this.own = own;
        }

        @Override
        public Connection connection() {
            return own;
        }

        @Override
        public void close() {
            own.close();
            super.close();
        }
    }

    /** A provisioner that knows the request of each system, in the order of the requests. */
    private static class TracksRequests extends DelegatingProvisioner {
        /** A requested system: the number of the request, and of the system within it. */
        record Place(int request, int system) {}

        private final AtomicInteger requests = new AtomicInteger();
        final Queue<Place> places = new ConcurrentLinkedQueue<>();

        @Override
        public void provision(int count) {
            int request = requests.incrementAndGet();
            for (int system = 1; system <= count; system++) {
                places.add(new Place(request, system));
            }
            super.provision(count);
        }

        @Override
        public void clear() {
            places.clear();
            super.clear();
        }
    }

    private static final class SecondSystemFails extends TracksRequests {
        @Override
        Remote changed(Remote remote) {
            return places.remove().system() != 2
                    ? remote
                    : new RemoteWithOwnConnection(remote, FakeConnection.running(FakeProgram.saying("", 1)));
        }
    }

    private static final class OffersWithoutRequest extends DelegatingProvisioner {
        private boolean asked;

        @Override
        public void provision(int count) {
            asked = true;
            super.provision(count);
        }

        @Override
        public Offer take(Duration atMost) throws InterruptedException {
            if (!asked && atMost.isZero()) {
                super.provision(1);
            }
            return super.take(atMost);
        }
    }

    private static final class OffersTooMany extends DelegatingProvisioner {
        private final AtomicInteger requests = new AtomicInteger();

        @Override
        public void provision(int count) {
            super.provision(requests.incrementAndGet() == 1 ? count : count + 1);
        }
    }

    private static final class IgnoresLaterRequests extends DelegatingProvisioner {
        @Override
        public Offer take(Duration atMost) throws InterruptedException {
            // Tests of other rules wait for less than a second or more than a minute.
            boolean affected =
                    atMost.compareTo(Duration.ofSeconds(1)) > 0 && atMost.compareTo(Duration.ofMinutes(1)) < 0;
            return affected && good.asked() == 0 ? new Offer.Exhausted("no system was requested") : super.take(atMost);
        }
    }

    private static final class AcceptsZero extends DelegatingProvisioner {
        @Override
        public void provision(int count) {
            if (count != 0) {
                super.provision(count);
            }
        }
    }

    private static final class SharesNames extends TracksRequests {
        @Override
        Remote changed(Remote remote) {
            String name = "request-" + places.remove().request();
            return new DelegatingRemote(remote) {
                @Override
                public String name() {
                    return name;
                }
            };
        }
    }

    private static final class HasNoSlots extends DelegatingProvisioner {
        @Override
        Remote changed(Remote remote) {
            return new DelegatingRemote(remote) {
                @Override
                public int slots() {
                    return 0;
                }
            };
        }
    }

    private static final class AnnouncesWrongLabels extends DelegatingProvisioner {
        @Override
        public Map<String, String> labels() {
            return Map.of("arch", "another");
        }
    }

    private static final class SwallowsInterrupts extends DelegatingProvisioner {
        @Override
        public Offer take(Duration atMost) {
            try {
                return super.take(atMost);
            } catch (InterruptedException e) {
                return new Offer.None();
            }
        }
    }

    private static final class IgnoresClear extends DelegatingProvisioner {
        @Override
        public void clear() {
            // does nothing, which violates P10
        }
    }

    private static final class SystemsRejectSecondClose extends DelegatingProvisioner {
        @Override
        Remote changed(Remote remote) {
            AtomicInteger closes = new AtomicInteger();
            return new DelegatingRemote(remote) {
                @Override
                public void close() {
                    super.close();
                    if (closes.incrementAndGet() > 1) {
                        throw new IllegalStateException("this system is closed already");
                    }
                }
            };
        }
    }

    private static final class KeepsEarlySystems extends DelegatingProvisioner {
        private final Queue<Remote> taken = new ConcurrentLinkedQueue<>();
        private volatile boolean closed;

        @Override
        Remote changed(Remote remote) {
            Remote own = new RemoteWithOwnConnection(remote, FakeConnection.obedient());
            taken.add(own);
            if (closed) {
                own.close(); // P16 covers a take during a close
            }
            return own;
        }

        @Override
        public void close() {
            closed = true;
            if (taken.size() == good.asked()) {
                taken.forEach(Remote::close);
            }
            super.close();
        }
    }

    private static final class RejectsSecondClose extends DelegatingProvisioner {
        private final AtomicInteger closes = new AtomicInteger();

        @Override
        public void close() {
            super.close();
            // The contract closes the provisioner after each test, so a test that closes it makes two calls.
            if (closes.incrementAndGet() > 2) {
                throw new IllegalStateException("this provisioner is closed already");
            }
        }
    }

    private static final class AcceptsRequestsAfterClose extends DelegatingProvisioner {
        @Override
        public void provision(int count) {
            try {
                super.provision(count);
            } catch (IllegalStateException e) {
                // swallowed, which violates P14
            }
        }
    }

    private static final class ReturnsNoneOnClose extends DelegatingProvisioner {
        private volatile boolean closed;

        @Override
        public Offer take(Duration atMost) throws InterruptedException {
            boolean closedBefore = closed;
            try {
                return super.take(atMost);
            } catch (IllegalStateException e) {
                if (closedBefore) {
                    throw e;
                }
                return new Offer.None();
            }
        }

        @Override
        public void close() {
            closed = true;
            super.close();
        }
    }

    /** Waits for the close, so that the two always overlap. */
    private static final class HandsOutDuringClose extends DelegatingProvisioner {
        private final CountDownLatch closing = new CountDownLatch(1);

        @Override
        public Offer take(Duration atMost) throws InterruptedException {
            boolean early = closing.getCount() > 0;
            Offer offer = super.take(atMost);
            boolean overlaps = early
                    && offer instanceof Offer.Ready
                    && Thread.currentThread().isVirtual()
                    && atMost.compareTo(Duration.ofSeconds(1)) > 0
                    && closing.await(200, TimeUnit.MILLISECONDS);
            return overlaps && offer instanceof Offer.Ready ready
                    ? new Offer.Ready(new RemoteWithOwnConnection(ready.remote(), FakeConnection.obedient()))
                    : offer;
        }

        @Override
        public void close() {
            closing.countDown();
            super.close();
        }
    }

    private static final class ExceedsMaximum extends DelegatingProvisioner {
        private final FakeProvisioner more = FakeProvisioner.of(FakeSystem.ready());
        private final AtomicInteger taken = new AtomicInteger();

        @Override
        public Offer take(Duration atMost) throws InterruptedException {
            Offer offer = super.take(atMost);
            if (offer instanceof Offer.Exhausted
                    && !Thread.currentThread().isVirtual()
                    && taken.incrementAndGet() == 1) {
                more.provision(1);
                return more.take(atMost);
            }
            return offer;
        }

        @Override
        public void close() {
            super.close();
            more.close();
        }
    }

    /** In tests with many threads, returns the previous system again on every second call. */
    private static final class HandsOutTwice extends DelegatingProvisioner {
        private final Queue<Remote> before = new ArrayDeque<>();

        @Override
        public Offer take(Duration atMost) throws InterruptedException {
            Offer offer = super.take(atMost);
            boolean many = Thread.currentThread().isVirtual() && atMost.compareTo(Duration.ofSeconds(1)) < 0;
            return many && offer instanceof Offer.Ready ready ? new Offer.Ready(again(ready.remote())) : offer;
        }

        private synchronized Remote again(Remote remote) {
            @Nullable Remote other = before.poll();
            if (other == null) {
                before.add(remote);
                return remote;
            }
            remote.close();
            return other;
        }
    }

    private static final class ClosesOnReset extends DelegatingProvisioner {
        @Override
        Remote changed(Remote remote) {
            return new DelegatingRemote(remote) {
                @Override
                public boolean reset() {
                    close();
                    return true;
                }
            };
        }
    }

    private static final class LosesInterruptOnClose extends DelegatingProvisioner {
        @Override
        public void close() {
            Thread.interrupted();
            super.close();
        }
    }

    private static final class UnderstatesMaximum extends DelegatingProvisioner {
        @Override
        public int maxSystems() {
            return super.maxSystems() - 1;
        }
    }
}

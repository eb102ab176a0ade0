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

/** For each rule a provisioner that breaks it and no other: its test rejects it, and no other test does. */
@Timeout(240)
class BrokenProvisionersTest {
    /** The contract of whatever is set. */
    static final class Contract extends ProvisionerContract {
        static Supplier<Provisioner> tested = Same::new;

        @Override
        protected Provisioner open() {
            return tested.get();
        }

        @Override
        protected int cap() {
            return 3;
        }
    }

    @ParameterizedTest
    @MethodSource("broken")
    void exactlyItsRuleRejectsIt(Broken<Supplier<Provisioner>> broken) {
        Contract.tested = broken.variant();

        broken.assertRejectedBy(Contract.class);
    }

    @Test
    void goodOneIsNotRejected() {
        Contract.tested = Same::new;

        assertThat(Rejections.of(Contract.class)).isEmpty();
    }

    static Stream<Broken<Supplier<Provisioner>>> broken() {
        return Stream.of(
                Broken.of("p01", OneWhosePairsWorkByHalf::new),
                Broken.of("p02", OneThatOffersUnasked::new),
                Broken.of("p03", OneThatProvisionsTooMany::new),
                Broken.of("p04", OneThatDoesNotWaitForWhoAsksLater::new),
                Broken.of("p05", OneThatAcceptsZero::new),
                Broken.of("p06", OneThatNamesSystemsAfterTheRequest::new),
                Broken.of("p07", OneWithoutSlots::new),
                Broken.of("p08", OneThatPromisesOtherLabels::new),
                Broken.of("p09", OneThatSwallowsInterrupts::new),
                Broken.of("p10", OneThatForgetsToClear::new),
                Broken.of("p11", OneWithSystemsThatCannotBeGivenBackTwice::new),
                Broken.of("p12", OneThatKeepsWhatIsTakenBeforeTheRest::new),
                Broken.of("p13", OneThatCannotBeClosedTwice::new),
                Broken.of("p14", OneThatIsOpenAfterClose::new),
                Broken.of("p15", OneThatHasNothingWhenClosed::new),
                Broken.of("p16", OneThatHandsOutBesideClose::new),
                Broken.of("p17", OneWithoutACap::new),
                Broken.of("p18", OneThatHandsOutTwice::new),
                Broken.of("p19", OneThatResetsToDeath::new),
                Broken.of("p20", OneThatLosesInterruptsWhenClosed::new));
    }

    /** Does what a good one does. */
    private static class Same implements Provisioner {
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
        public void close() {
            good.close();
        }
    }

    /** Does what a good one does. */
    private static class SameRemote implements Remote {
        private final Remote good;

        SameRemote(Remote good) {
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

    /** A system that another connection than the provisioner's leads to. */
    private static class RemoteWithAConnectionOfItsOwn extends SameRemote {
        private final FakeConnection own;

        RemoteWithAConnectionOfItsOwn(Remote good, FakeConnection own) {
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

    /** What was asked for at once, first come, first served. */
    private static class OneWithRequests extends Same {
        /** A place in a request: the request's number, and which of its systems it is. */
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

    private static final class OneWhosePairsWorkByHalf extends OneWithRequests {
        @Override
        Remote changed(Remote remote) {
            return places.remove().system() != 2
                    ? remote
                    : new RemoteWithAConnectionOfItsOwn(remote, FakeConnection.running(FakeProgram.saying("", 1)));
        }
    }

    private static final class OneThatOffersUnasked extends Same {
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

    private static final class OneThatProvisionsTooMany extends Same {
        private final AtomicInteger requests = new AtomicInteger();

        @Override
        public void provision(int count) {
            super.provision(requests.incrementAndGet() == 1 ? count : count + 1);
        }
    }

    private static final class OneThatDoesNotWaitForWhoAsksLater extends Same {
        @Override
        public Offer take(Duration atMost) throws InterruptedException {
            // Other rules are about who waits for a moment, or for good.
            boolean some = atMost.compareTo(Duration.ofSeconds(1)) > 0 && atMost.compareTo(Duration.ofMinutes(1)) < 0;
            return some && good.asked() == 0 ? new Offer.Exhausted("nobody asked for a system") : super.take(atMost);
        }
    }

    private static final class OneThatAcceptsZero extends Same {
        @Override
        public void provision(int count) {
            if (count != 0) {
                super.provision(count);
            }
        }
    }

    private static final class OneThatNamesSystemsAfterTheRequest extends OneWithRequests {
        @Override
        Remote changed(Remote remote) {
            String name = "request-" + places.remove().request();
            return new SameRemote(remote) {
                @Override
                public String name() {
                    return name;
                }
            };
        }
    }

    private static final class OneWithoutSlots extends Same {
        @Override
        Remote changed(Remote remote) {
            return new SameRemote(remote) {
                @Override
                public int slots() {
                    return 0;
                }
            };
        }
    }

    private static final class OneThatPromisesOtherLabels extends Same {
        @Override
        public Map<String, String> labels() {
            return Map.of("arch", "another");
        }
    }

    private static final class OneThatSwallowsInterrupts extends Same {
        @Override
        public Offer take(Duration atMost) {
            try {
                return super.take(atMost);
            } catch (InterruptedException e) {
                return new Offer.None();
            }
        }
    }

    private static final class OneThatForgetsToClear extends Same {
        @Override
        public void clear() {
            // forgotten
        }
    }

    private static final class OneWithSystemsThatCannotBeGivenBackTwice extends Same {
        @Override
        Remote changed(Remote remote) {
            AtomicInteger closes = new AtomicInteger();
            return new SameRemote(remote) {
                @Override
                public void close() {
                    super.close();
                    if (closes.incrementAndGet() > 1) {
                        throw new IllegalStateException("it was given back before");
                    }
                }
            };
        }
    }

    private static final class OneThatKeepsWhatIsTakenBeforeTheRest extends Same {
        private final Queue<Remote> taken = new ConcurrentLinkedQueue<>();
        private volatile boolean closed;

        @Override
        Remote changed(Remote remote) {
            Remote own = new RemoteWithAConnectionOfItsOwn(remote, FakeConnection.obedient());
            taken.add(own);
            if (closed) {
                own.close(); // a take beside a close, which has a rule of its own
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

    private static final class OneThatCannotBeClosedTwice extends Same {
        private final AtomicInteger closes = new AtomicInteger();

        @Override
        public void close() {
            super.close();
            // Twice is what each test does that closes it: the contract closes it in the end.
            if (closes.incrementAndGet() > 2) {
                throw new IllegalStateException("closed too often");
            }
        }
    }

    private static final class OneThatIsOpenAfterClose extends Same {
        @Override
        public void provision(int count) {
            try {
                super.provision(count);
            } catch (IllegalStateException e) {
                // what does it matter
            }
        }
    }

    private static final class OneThatHasNothingWhenClosed extends Same {
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

    /** Waits for the close that is meant to be beside it, so that it always is. */
    private static final class OneThatHandsOutBesideClose extends Same {
        private final CountDownLatch closing = new CountDownLatch(1);

        @Override
        public Offer take(Duration atMost) throws InterruptedException {
            boolean early = closing.getCount() > 0;
            Offer offer = super.take(atMost);
            boolean beside = early
                    && offer instanceof Offer.Ready
                    && Thread.currentThread().isVirtual()
                    && atMost.compareTo(Duration.ofSeconds(1)) > 0
                    && closing.await(200, TimeUnit.MILLISECONDS);
            return beside && offer instanceof Offer.Ready ready
                    ? new Offer.Ready(new RemoteWithAConnectionOfItsOwn(ready.remote(), FakeConnection.obedient()))
                    : offer;
        }

        @Override
        public void close() {
            closing.countDown();
            super.close();
        }
    }

    private static final class OneWithoutACap extends Same {
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

    /** To many threads, that is: each second one gets what the one before it has got. */
    private static final class OneThatHandsOutTwice extends Same {
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

    private static final class OneThatResetsToDeath extends Same {
        @Override
        Remote changed(Remote remote) {
            return new SameRemote(remote) {
                @Override
                public boolean reset() {
                    close();
                    return true;
                }
            };
        }
    }

    private static final class OneThatLosesInterruptsWhenClosed extends Same {
        @Override
        public void close() {
            Thread.interrupted();
            super.close();
        }
    }
}

package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** For a rule a provisioner that breaks it and no other: its test rejects it, and no other test does. */
@Timeout(120)
class BrokenProvisionersTest {
    private static FakeProvisioner good() {
        return FakeProvisioner.of(
                        FakeSystem.ready().withLabels(Map.of("arch", "fake")).withReset())
                .upTo(3);
    }

    /** Does what a good one does. */
    private static class Same implements Provisioner {
        final FakeProvisioner good = good();

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
        public Map<String, String> offers() {
            return good.offers();
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
        public void close() {
            good.close();
        }
    }

    static final class OneThatOffersUnasked extends Same {
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

    static final class OneThatAcceptsZero extends Same {
        @Override
        public void provision(int count) {
            if (count != 0) {
                super.provision(count);
            }
        }
    }

    static final class OneThatForgetsToClear extends Same {
        @Override
        public void clear() {
            // forgotten
        }
    }

    static final class OneThatPromisesOtherLabels extends Same {
        @Override
        public Map<String, String> offers() {
            return Map.of("arch", "another");
        }
    }

    static final class OneWithoutSlots extends Same {
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

    static final class OneWithSystemsThatCannotBeGivenBackTwice extends Same {
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

    static final class OneThatResetsToDeath extends Same {
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

    static final class OneThatCannotBeClosedTwice extends Same {
        private final List<Boolean> closes = Collections.synchronizedList(new ArrayList<>());

        @Override
        public void close() {
            super.close();
            closes.add(true);
            // The tests themselves close once more in the end.
            if (closes.size() > 3) {
                throw new IllegalStateException("closed too often");
            }
        }
    }

    static final class OneThatSwallowsInterrupts extends Same {
        @Override
        public Offer take(Duration atMost) {
            try {
                return super.take(atMost);
            } catch (InterruptedException e) {
                return new Offer.None();
            }
        }
    }

    static final class OneThatLosesInterruptsWhenClosed extends Same {
        @Override
        public void close() {
            Thread.interrupted();
            super.close();
        }
    }

    static final class OneThatIsOpenAfterClose extends Same {
        @Override
        public void provision(int count) {
            try {
                super.provision(count);
            } catch (IllegalStateException e) {
                // what does it matter
            }
        }
    }

    static final class OneWithoutACap extends Same {
        private final FakeProvisioner more = FakeProvisioner.of(FakeSystem.ready());
        private int taken;

        @Override
        public Offer take(Duration atMost) throws InterruptedException {
            Offer offer = super.take(atMost);
            if (offer instanceof Offer.Exhausted && ++taken == 1) {
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

    static Stream<Arguments> broken() {
        return Stream.of(
                Arguments.of("p02", (Supplier<Provisioner>) OneThatOffersUnasked::new),
                Arguments.of("p05", (Supplier<Provisioner>) OneThatAcceptsZero::new),
                Arguments.of("p07", (Supplier<Provisioner>) OneWithoutSlots::new),
                Arguments.of("p08", (Supplier<Provisioner>) OneThatPromisesOtherLabels::new),
                Arguments.of("p09", (Supplier<Provisioner>) OneThatSwallowsInterrupts::new),
                Arguments.of("p10", (Supplier<Provisioner>) OneThatForgetsToClear::new),
                Arguments.of("p11", (Supplier<Provisioner>) OneWithSystemsThatCannotBeGivenBackTwice::new),
                Arguments.of("p13", (Supplier<Provisioner>) OneThatCannotBeClosedTwice::new),
                Arguments.of("p14", (Supplier<Provisioner>) OneThatIsOpenAfterClose::new),
                Arguments.of("p17", (Supplier<Provisioner>) OneWithoutACap::new),
                Arguments.of("p19", (Supplier<Provisioner>) OneThatResetsToDeath::new),
                Arguments.of("p20", (Supplier<Provisioner>) OneThatLosesInterruptsWhenClosed::new));
    }

    /** The contract of whatever is set. */
    static final class Contract extends ProvisionerContract {
        static Supplier<Provisioner> tested = BrokenProvisionersTest::good;

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
    void exactlyItsRuleRejectsIt(String rule, Supplier<Provisioner> broken) {
        Contract.tested = broken;

        assertThat(Rejections.of(Contract.class)).containsExactly(rule);
    }
}

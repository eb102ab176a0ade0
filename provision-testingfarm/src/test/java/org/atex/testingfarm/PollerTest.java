package org.atex.testingfarm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.ManualClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
@Timeout(60)
class PollerTest {
    private static final Instant BEGIN = Instant.parse("2026-11-21T10:00:00Z");

    private final ManualClock clock = ManualClock.at(BEGIN);
    private Poller poller;

    @BeforeEach
    void start() {
        poller = new Poller(settings());
        poller.start();
    }

    private FarmSettings settings() {
        return new FarmSettings(
                1,
                0,
                Duration.ofHours(1),
                Duration.ofHours(1),
                Duration.ofHours(1),
                Duration.ofHours(1),
                Duration.ofSeconds(30),
                null,
                List.of(),
                UnaryOperator.identity(),
                event -> {},
                "run",
                GuestLogin.Connector.ssh(),
                clock,
                clock::sleep);
    }

    @AfterEach
    void close() {
        poller.close();
    }

    private void pass(Duration time) throws InterruptedException {
        Instant end = clock.instant().plus(time);
        while (clock.instant().isBefore(end)) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofMillis(100));
        }
        clock.awaitSleepers(1);
    }

    @Test
    void eachIsLookedAtOnceAnIntervalAtMostAndNotAllAtOnce() throws Exception {
        poller.close();
        poller = new Poller(settings(), Runnable::run); // so that time waits for the looks
        poller.start();
        List<AtomicInteger> looks = new ArrayList<>();
        BlockingQueue<Instant> first = new LinkedBlockingQueue<>();
        for (int i = 0; i < 50; i++) {
            AtomicInteger count = new AtomicInteger();
            looks.add(count);
            poller.add(() -> {
                if (count.incrementAndGet() == 1) {
                    first.add(clock.instant());
                }
            });
        }
        pass(Duration.ofSeconds(300));

        Set<Instant> moments = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            Instant moment = first.poll(20, TimeUnit.SECONDS);
            assertThat(moment).isNotNull();
            moments.add(moment);
        }
        assertThat(moments).hasSizeGreaterThan(10);
        assertThat(looks).allSatisfy(count -> assertThat(count.get()).isBetween(7, 11));
    }

    @Test
    void manyThatHangHoldUpNoOther() throws Exception {
        CountDownLatch hanging = new CountDownLatch(1);
        AtomicInteger hung = new AtomicInteger();
        for (int i = 0; i < Poller.AT_ONCE - 1; i++) {
            poller.add(() -> {
                hung.incrementAndGet();
                hanging.await();
            });
        }
        BlockingQueue<Instant> looks = new LinkedBlockingQueue<>();
        poller.add(() -> looks.add(clock.instant()));

        for (int i = 0; i < 3; ) {
            pass(Duration.ofSeconds(1));
            i += looks.poll() == null ? 0 : 1;
        }
        assertThat(hung.get()).as("looks that hang").isEqualTo(Poller.AT_ONCE - 1);
    }

    @Test
    void closingEndsLooksThatHang() throws Exception {
        BlockingQueue<String> ends = new LinkedBlockingQueue<>();
        poller.add(() -> {
            ends.add("begun");
            try {
                new CountDownLatch(1).await();
            } finally {
                ends.add("ended");
            }
        });
        clock.awaitSleepers(1);
        clock.advance(Duration.ofSeconds(33));
        assertThat(ends.poll(20, TimeUnit.SECONDS)).isEqualTo("begun");
        poller.close();
        assertThat(ends.poll(20, TimeUnit.SECONDS)).isEqualTo("ended");
    }

    @Test
    void whatFailsIsLookedAtAgain() throws Exception {
        BlockingQueue<Instant> looks = new LinkedBlockingQueue<>();
        poller.add(() -> {
            looks.add(clock.instant());
            throw new IllegalStateException("looks badly");
        });
        for (int i = 0; i < 2; i++) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(33));
            assertThat(looks.poll(20, TimeUnit.SECONDS)).isNotNull();
        }
    }

    @Test
    void anEarlyLookIsOneAndNotMany() throws Exception {
        BlockingQueue<Instant> looks = new LinkedBlockingQueue<>();
        Poller.Subject subject = () -> looks.add(clock.instant());
        poller.add(subject);
        clock.awaitSleepers(1);
        clock.advance(Duration.ofSeconds(33));
        assertThat(looks.poll(20, TimeUnit.SECONDS)).isNotNull();
        clock.awaitSleepers(1);

        poller.lookEarly(subject).get(20, TimeUnit.SECONDS);
        poller.lookEarly(subject).get(20, TimeUnit.SECONDS);
        assertThat(looks).as("early looks").hasSize(1);
        looks.clear();
        for (int i = 0; i < 2; i++) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(33));
        }
        assertThat(looks.poll(20, TimeUnit.SECONDS)).isNotNull();
        poller.remove(subject);
        assertThat(poller.lookEarly(subject).get(20, TimeUnit.SECONDS)).isFalse();
    }
}

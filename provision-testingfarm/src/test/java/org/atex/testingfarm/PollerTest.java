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

    private void advance(Duration time) throws InterruptedException {
        Instant end = clock.instant().plus(time);
        while (clock.instant().isBefore(end)) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofMillis(100));
        }
        clock.awaitSleepers(1);
    }

    @Test
    void pollsAreSpreadAndAtMostOncePerInterval() throws Exception {
        poller.close();
        poller = new Poller(settings(), Runnable::run); // so that the clock does not run ahead of the polls
        poller.start();
        List<AtomicInteger> polls = new ArrayList<>();
        BlockingQueue<Instant> first = new LinkedBlockingQueue<>();
        for (int i = 0; i < 50; i++) {
            AtomicInteger count = new AtomicInteger();
            polls.add(count);
            poller.add(() -> {
                if (count.incrementAndGet() == 1) {
                    first.add(clock.instant());
                }
            });
        }
        advance(Duration.ofSeconds(300));

        Set<Instant> moments = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            Instant moment = first.poll(20, TimeUnit.SECONDS);
            assertThat(moment).isNotNull();
            moments.add(moment);
        }
        assertThat(moments).hasSizeGreaterThan(10);
        assertThat(polls).allSatisfy(count -> assertThat(count.get()).isBetween(7, 11));
    }

    @Test
    void hangingPollsDoNotDelayOthers() throws Exception {
        CountDownLatch hanging = new CountDownLatch(1);
        AtomicInteger hung = new AtomicInteger();
        for (int i = 0; i < Poller.MAX_CONCURRENT_POLLS - 1; i++) {
            poller.add(() -> {
                hung.incrementAndGet();
                hanging.await();
            });
        }
        BlockingQueue<Instant> polls = new LinkedBlockingQueue<>();
        poller.add(() -> polls.add(clock.instant()));

        for (int i = 0; i < 3; ) {
            advance(Duration.ofSeconds(1));
            i += polls.poll() == null ? 0 : 1;
        }
        assertThat(hung.get()).as("hanging polls").isEqualTo(Poller.MAX_CONCURRENT_POLLS - 1);
    }

    @Test
    void closeEndsHangingPolls() throws Exception {
        BlockingQueue<String> ends = new LinkedBlockingQueue<>();
        poller.add(() -> {
            ends.add("started");
            try {
                new CountDownLatch(1).await();
            } finally {
                ends.add("ended");
            }
        });
        clock.awaitSleepers(1);
        clock.advance(Duration.ofSeconds(33));
        assertThat(ends.poll(20, TimeUnit.SECONDS)).isEqualTo("started");
        poller.close();
        assertThat(ends.poll(20, TimeUnit.SECONDS)).isEqualTo("ended");
    }

    @Test
    void failedPollIsRepeated() throws Exception {
        BlockingQueue<Instant> polls = new LinkedBlockingQueue<>();
        poller.add(() -> {
            polls.add(clock.instant());
            throw new IllegalStateException("poll failed");
        });
        for (int i = 0; i < 2; i++) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(33));
            assertThat(polls.poll(20, TimeUnit.SECONDS)).isNotNull();
        }
    }

    @Test
    void onlyOneEarlyPollPerInterval() throws Exception {
        BlockingQueue<Instant> polls = new LinkedBlockingQueue<>();
        Poller.Target target = () -> polls.add(clock.instant());
        poller.add(target);
        clock.awaitSleepers(1);
        clock.advance(Duration.ofSeconds(33));
        assertThat(polls.poll(20, TimeUnit.SECONDS)).isNotNull();
        clock.awaitSleepers(1);

        poller.pollEarly(target).get(20, TimeUnit.SECONDS);
        poller.pollEarly(target).get(20, TimeUnit.SECONDS);
        assertThat(polls).as("early polls").hasSize(1);
        polls.clear();
        for (int i = 0; i < 2; i++) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(33));
        }
        assertThat(polls.poll(20, TimeUnit.SECONDS)).isNotNull();
        poller.remove(target);
        assertThat(poller.pollEarly(target).get(20, TimeUnit.SECONDS)).isFalse();
    }
}

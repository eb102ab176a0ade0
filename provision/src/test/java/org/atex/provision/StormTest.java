package org.atex.provision;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.atex.api.Offer;
import org.atex.api.PlainRemote;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.atex.testkit.FakeConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Makers that fail, hang, lie and come late, under threads that request, take, clear and close at any moment. */
@Timeout(300)
class StormTest {
    private static final int STORMS = 1_000;
    private static final int MAX = 4;

    /** Systems that are made and not closed, and the most of them at once. */
    private final AtomicInteger open = new AtomicInteger();

    private final AtomicInteger peak = new AtomicInteger();
    private final Set<String> inUse = ConcurrentHashMap.newKeySet();

    private Remote make(Random random, int number) throws IOException, InterruptedException {
        int kind;
        synchronized (random) {
            kind = random.nextInt(10);
        }
        switch (kind) {
            case 0 -> throw new IOException("failed");
            case 1 -> throw new StackOverflowError();
            case 2 -> Thread.sleep(Duration.ofHours(1)); // until interrupted
            case 3 -> throw new NoMoreSystemsException("none now");
            case 4 -> comeLate();
            default -> {}
        }
        peak.accumulateAndGet(open.incrementAndGet(), Math::max);
        return PlainRemote.builder("system-" + number, FakeConnection.obedient())
                .onClose(() -> {
                    open.decrementAndGet();
                    if (kind == 5) {
                        throw new IllegalStateException("cannot be closed in peace");
                    }
                })
                .build();
    }

    /** Ignores an interrupt. */
    private static void comeLate() {
        long end = System.nanoTime() + 300_000;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    private void use(Provisioner provisioner, long seed) {
        Random random = new Random(seed);
        List<Remote> mine = new ArrayList<>();
        try {
            for (int i = 0; i < 12; i++) {
                switch (random.nextInt(6)) {
                    case 0, 1 -> provisioner.provision(1 + random.nextInt(3));
                    case 2 -> {
                        if (random.nextInt(4) == 0) {
                            provisioner.clear();
                        }
                    }
                    case 3 -> {
                        while (!mine.isEmpty()) {
                            close(mine.removeLast());
                        }
                    }
                    default -> {
                        if (provisioner.take(Duration.ofNanos(random.nextInt(200_000)))
                                instanceof Offer.Ready(Remote remote)) {
                            assertThat(inUse.add(remote.name()))
                                    .as(remote.name() + " was handed out once")
                                    .isTrue();
                            mine.add(remote);
                        }
                    }
                }
            }
        } catch (IllegalStateException e) {
            assertThat(e).hasMessageContaining("closed");
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts this thread", e);
        }
        mine.forEach(StormTest::close);
    }

    private static void close(Remote remote) {
        try {
            remote.close();
        } catch (IllegalStateException e) {
            assertThat(e).hasMessage("cannot be closed in peace");
        }
    }

    @Test
    void nothingIsLeftAndNothingIsHandedOutTwice() throws InterruptedException {
        for (int storm = 0; storm < STORMS; storm++) {
            Random random = new Random(storm);
            List<Throwable> failures = new java.util.concurrent.CopyOnWriteArrayList<>();
            open.set(0);
            peak.set(0);
            inUse.clear();
            Provisioner provisioner = Provisioners.builder(number -> make(random, number))
                    .maxSystems(MAX)
                    .maxConcurrentStarts(1 + storm % MAX)
                    .startWithin(Duration.ofMillis(storm % 3 == 0 ? 1 : 10_000))
                    .build();
            List<Thread> users = new ArrayList<>();
            for (int user = 0; user < 3; user++) {
                long seed = 1_000L * storm + user;
                users.add(Thread.ofVirtual()
                        .uncaughtExceptionHandler((thread, e) -> failures.add(e))
                        .start(() -> use(provisioner, seed)));
            }
            if (storm % 2 == 0) {
                users.get(storm % 3).join(Duration.ofNanos(storm * 500L));
            } else {
                for (Thread user : users) {
                    user.join();
                }
            }
            provisioner.close();
            for (Thread user : users) {
                user.join();
            }
            assertThat(failures).as("storm %d", storm).isEmpty();
            assertThat(open).as("systems left by storm %d", storm).hasValue(0);
            assertThat(peak.get()).as("systems at once in storm %d", storm).isLessThanOrEqualTo(MAX);
        }
    }
}

package org.atex.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.atex.api.Offer;
import org.atex.ssh.Host;
import org.atex.testingfarm.Reservation;
import org.atex.testingfarm.TestingFarmApi;
import org.atex.testingfarm.TestingFarmProvisioner;

/**
 * Measures 100 reservations of one provisioner, with a real sshd as the guest: the time from the report of a guest as
 * ready to the connection attempt.
 */
final class HundredReservations implements Scenario {
    private static final int COUNT = 100;
    private static final Duration POLL = Duration.ofSeconds(2);
    private static final double GOAL = 0.010;

    private volatile double longest;
    private volatile double looksPerInterval;
    private volatile long heap;

    @Override
    public String name() {
        return "farm";
    }

    @Override
    public String about() {
        return COUNT
                + " reservations at once, from the poll that reports a guest as ready to the connection attempt, against 10 ms";
    }

    @Override
    public int samples() {
        return 1;
    }

    @Override
    public Sample measure() throws Exception {
        Map<Integer, Long> attempts = new ConcurrentHashMap<>();
        long begin = System.nanoTime();
        try (SshServer guests = new SshServer();
                FarmServer farm = new FarmServer();
                TestingFarmApi api =
                        TestingFarmApi.builder(farm.uri()).token(() -> "token").build();
                TestingFarmProvisioner machines = TestingFarmProvisioner.builder(
                                api, Reservation.builder("any").build())
                        .maxSystems(COUNT)
                        .maxFailedRequests(0)
                        .pollEvery(POLL)
                        .key(guests.key())
                        .hosts(host -> {
                            attempts.put(
                                    Integer.parseInt(host.address().substring("guest".length())), System.nanoTime());
                            return Host.of(guests.destination());
                        })
                        .build()) {
            machines.provision(COUNT);
            for (int i = 0; i < COUNT; i++) {
                if (!(machines.take(Duration.ofMinutes(2)) instanceof Offer.Ready)) {
                    throw new IllegalStateException("only " + i + " machines were provisioned");
                }
            }
            double intervals = Math.ceil((System.nanoTime() - begin) / (double) POLL.toNanos());
            looksPerInterval = farm.mostLooks() / intervals;
            System.gc();
            heap = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
            List<Double> ways = new ArrayList<>();
            attempts.forEach((number, at) -> ways.add(farm.sinceReady(number, at)));
            double[] sorted = ways.stream().mapToDouble(way -> way).sorted().toArray();
            longest = Arrays.stream(sorted).max().orElseThrow();
            return new Sample(sorted[sorted.length / 2], GOAL);
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.1f ms from ready to the connection, at most %.1f ms, ratio %.2f (goal: at most 1); %.2f polls of a"
                        + " request per interval (goal: at most 1); heap %d MiB, guests and server included (goal: under 100)",
                median.seconds() * 1000,
                longest * 1000,
                median.ratio(),
                looksPerInterval,
                heap >> 20);
    }
}

package org.atex.adhoc;

import java.util.HashMap;
import java.util.Map;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.api.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * Tracks the health of hosts and detects bad ones: hosts on which preparations fail while they work elsewhere; hosts
 * that are lost with one test after the other; and black holes, which fail nearly every test quickly while tests pass
 * on other hosts, and so attract most tests. Not thread-safe.
 */
final class HostHealth {
    private static final int MAX_FAILED_SETUPS = 3;
    // A black hole must have failed 5 tests and 80 % of its tests, with 5 results from other hosts to compare, and a
    // chance of less than 1 in 100,000 that an equal host fails as often.
    private static final int ENOUGH_FAILURES = 5;
    private static final int ENOUGH_OF_PEERS = 5;
    private static final double FAILS_NEARLY_ALL = 0.8;
    private static final double CHANCE = 1e-5;
    // A lost system says more than a failed test, and only losses elsewhere can explain it.
    private static final int MANY_LOSSES = 3;
    private static final double CHANCE_OF_LOSSES = 0.01;

    private record Key(int provisioner, String host) {}

    private final Map<Key, HostRecord> hosts = new HashMap<>();
    private int passes;
    private int failures;
    private int losses;

    HostRecord of(int provisioner, String host) {
        return hosts.computeIfAbsent(new Key(provisioner, host), key -> new HostRecord(provisioner, host));
    }

    /** A system of the host is ready. */
    void setUpWorked(HostRecord host) {
        host.failedSetups = 0;
        host.workingSetups++;
    }

    /** {@return whether the failed preparation counts against the provisioner, not only against a host known as bad} */
    boolean setUpFailed(HostRecord host) {
        boolean known = ++host.failedSetups >= MAX_FAILED_SETUPS && othersWork(host);
        if (known && host.quarantined == null && !host.hadSecondChance) {
            host.quarantined =
                    host.failedSetups + " preparations in a row failed on it, while they work on other hosts";
        }
        return !known || host.hadSecondChance;
    }

    private boolean othersWork(HostRecord host) {
        return hosts.values().stream()
                .anyMatch(other -> other != host
                        && other.provisioner == host.provisioner
                        && other.workingSetups > other.failedSetups);
    }

    /** An attempt at a test has ended on the host. */
    void ended(HostRecord host, TestEnd end) {
        switch (end.outcome()) {
            case PASSED -> {
                host.passes++;
                host.lossesInARow = 0;
                passes++;
            }
            case SKIPPED, CANCELLED, NOT_RUN -> {}
            default -> {
                host.failures++;
                failures++;
                if (end.outcome() == Outcome.LOST) {
                    host.losses++;
                    host.lossesInARow++;
                    losses++;
                } else {
                    host.lossesInARow = 0;
                }
            }
        }
    }

    private void judge(HostRecord host) {
        if (host.quarantined != null || host.hadSecondChance) {
            return;
        }
        int peers = endedElsewhere(host);
        if (host.failures >= ENOUGH_FAILURES
                && host.failures >= FAILS_NEARLY_ALL * host.ended()
                && peers >= ENOUGH_OF_PEERS
                && chance(failures - host.failures, peers, host.failures) < CHANCE) {
            host.quarantined = compare(host, host.failures, "failed", failures - host.failures);
        } else if (host.lossesInARow >= MANY_LOSSES
                && chance(losses - host.losses, peers, host.lossesInARow) < CHANCE_OF_LOSSES) {
            host.quarantined = compare(host, host.losses, "were lost", losses - host.losses);
        }
    }

    private int endedElsewhere(HostRecord host) {
        return passes + failures - host.ended();
    }

    /**
     * {@return the probability that as many tests end badly by chance, if the host is like the others} The rate of the
     * others is estimated by the rule of succession, so that few results weigh little.
     */
    private static double chance(int badElsewhere, int endedElsewhere, int bad) {
        return Math.pow((badElsewhere + 1.0) / (endedElsewhere + 2.0), bad);
    }

    private String compare(HostRecord host, int bad, String what, int badElsewhere) {
        return bad + " of " + host.ended() + " tests " + what + " on it, and " + badElsewhere + " of "
                + endedElsewhere(host) + " elsewhere";
    }

    /** {@return whether the host was just found to be bad; true once per host} */
    boolean isNewlyBad(HostRecord host) {
        judge(host);
        return announce(host);
    }

    private static boolean announce(HostRecord host) {
        boolean news = host.quarantined != null && !host.announced;
        host.announced |= news;
        return news;
    }

    /**
     * {@return whether the host is found to be bad when no test waits or runs any more} Few results are enough then,
     * since the others have nothing else to do: all tests of the host were lost, and tests passed elsewhere.
     */
    boolean isBadInTheEnd(HostRecord host) {
        int peers = endedElsewhere(host);
        if (host.mayReturn
                && host.quarantined == null
                && !host.hadSecondChance
                && host.losses > 0
                && host.losses == host.ended()
                && losses - host.losses < peers / 2.0) {
            host.quarantined = compare(host, host.losses, "were lost", losses - host.losses);
        }
        return announce(host);
    }

    /**
     * {@return whether a failure may be caused by the host: no test has passed on it, and other hosts exist to
     * compare}
     */
    boolean isDoubtful(HostRecord host, TestEnd end) {
        Verdict verdict = end.outcome().verdict();
        return host.passes == 0
                && hosts.size() > 1
                && (verdict == Verdict.FAILED || verdict == Verdict.INFRASTRUCTURE)
                && !peersFailToo(host);
    }

    /** {@return whether tests fail so often on other hosts that the failures on this one prove nothing} */
    boolean peersFailToo(HostRecord host) {
        int peers = endedElsewhere(host);
        return peers >= ENOUGH_OF_PEERS && chance(failures - host.failures, peers, 2 * ENOUGH_FAILURES) >= CHANCE;
    }

    /** {@return whether so many tests failed on the host that it should wait for results of other hosts} */
    boolean isSuspicious(HostRecord host) {
        return host.passes == 0 && host.failures >= ENOUGH_FAILURES && endedElsewhere(host) < ENOUGH_OF_PEERS;
    }

    /** {@return a host in quarantine to try again because no other host is left, or null} */
    @Nullable
    HostRecord giveSecondChance() {
        for (HostRecord host : hosts.values()) {
            if (host.quarantined != null && !host.hadSecondChance) {
                host.quarantined = null;
                host.hadSecondChance = true;
                return host;
            }
        }
        return null;
    }
}

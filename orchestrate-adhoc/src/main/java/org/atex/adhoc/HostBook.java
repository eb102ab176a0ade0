package org.atex.adhoc;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.atex.api.TestEnd;
import org.atex.api.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * The hosts of a run, and which of them do harm: one where preparation always fails while it works elsewhere, or one that
 * fails nearly every test in no time while the same tests pass on its peers, and so takes most of them (a black hole).
 */
final class HostBook {
    private static final int BAD_SET_UPS = 3;
    private static final int ENOUGH_FAILURES = 5;
    private static final int ENOUGH_OF_PEERS = 5;
    private static final double FAILS_NEARLY_ALL = 0.8;
    private static final double CHANCE = 1e-5;

    private record Key(int provisioner, String host) {}

    private final Map<Key, HostRecord> hosts = new HashMap<>();
    private int passes;
    private int failures;

    HostRecord of(int provisioner, String host) {
        return hosts.computeIfAbsent(new Key(provisioner, host), key -> new HostRecord(provisioner, host));
    }

    /** A system of the host is ready. */
    void setUpWorked(HostRecord host) {
        host.badSetUps = 0;
        host.goodSetUps++;
    }

    /** {@return whether the failure of a set-up says something of the provisioner, and not only of a host known as bad} */
    boolean setUpFailed(HostRecord host) {
        boolean known = ++host.badSetUps >= BAD_SET_UPS && othersWork(host);
        if (known && host.quarantined == null && !host.forgiven) {
            host.quarantined = host.badSetUps + " preparations in a row failed on it, and work on other hosts";
        }
        return !known || host.forgiven;
    }

    private boolean othersWork(HostRecord host) {
        return hosts.values().stream()
                .anyMatch(other ->
                        other != host && other.provisioner == host.provisioner && other.goodSetUps > other.badSetUps);
    }

    /** An attempt at a test has ended on the host. */
    void ended(HostRecord host, TestEnd end) {
        switch (end.outcome()) {
            case PASSED -> {
                host.passes++;
                passes++;
            }
            case SKIPPED, CANCELLED, NOT_RUN -> {}
            default -> {
                host.failures++;
                failures++;
            }
        }
    }

    private void quarantineBlackHole(HostRecord host) {
        int peers = passes + failures - host.ended();
        if (host.quarantined != null
                || host.forgiven
                || host.failures < ENOUGH_FAILURES
                || host.failures < FAILS_NEARLY_ALL * host.ended()
                || peers < ENOUGH_OF_PEERS) {
            return;
        }
        if (Math.pow(peersRate(host), host.failures) < CHANCE) {
            host.quarantined = String.format(
                    Locale.ROOT,
                    "%d of %d tests failed on it, and %d of %d elsewhere",
                    host.failures,
                    host.ended(),
                    failures - host.failures,
                    peers);
        }
    }

    /** {@return whether it has just turned out to be bad; told once} */
    boolean isNewlyBad(HostRecord host) {
        quarantineBlackHole(host);
        boolean news = host.quarantined != null && !host.announced;
        host.announced |= news;
        return news;
    }

    /** {@return whether a failure there may be the host's fault: nothing has passed there, and it can be compared} */
    boolean isDoubtful(HostRecord host, TestEnd end) {
        Verdict verdict = end.outcome().verdict();
        return host.passes == 0
                && hosts.size() > 1
                && (verdict == Verdict.FAILED || verdict == Verdict.INFRASTRUCTURE)
                && !peersFailToo(host);
    }

    /** {@return whether so much fails elsewhere that the failures there cannot be told apart from them} */
    boolean peersFailToo(HostRecord host) {
        return passes + failures - host.ended() >= ENOUGH_OF_PEERS
                && Math.pow(peersRate(host), 2 * ENOUGH_FAILURES) >= CHANCE;
    }

    /** {@return how likely a test fails elsewhere, by the rule of succession: few results prove little} */
    private double peersRate(HostRecord host) {
        return (failures - host.failures + 1.0) / (passes + failures - host.ended() + 2.0);
    }

    /** {@return whether it has failed so many tests that it should wait for the results of its peers} */
    boolean isSuspicious(HostRecord host) {
        return host.passes == 0
                && host.failures >= ENOUGH_FAILURES
                && passes + failures - host.ended() < ENOUGH_OF_PEERS;
    }

    /** {@return a host in quarantine that gets a second chance, as there is nothing else; null if there is none} */
    @Nullable
    HostRecord forgiveOne() {
        for (HostRecord host : hosts.values()) {
            if (host.quarantined != null && !host.forgiven) {
                host.quarantined = null;
                host.forgiven = true;
                return host;
            }
        }
        return null;
    }
}

package org.atex.reportportal;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repeats calls until the service has accepted or refused them, with growing pauses. Thread-safe.
 *
 * <p>The pauses have a random part, so that many programs do not call a service that comes back at the same moment. A
 * service may ask for longer ones.
 */
final class Courier {
    private static final Duration LONGEST_DEMAND = Duration.ofMinutes(15);
    private static final int MAX_DOUBLINGS = 20;

    private final Tuning tuning;
    private volatile String lastFailure = "";

    /** Why no call will be accepted; empty if calls may be. */
    private volatile String hopeless = "";

    Courier(Tuning tuning) {
        this.tuning = tuning;
    }

    /** One exchange with the service. */
    @FunctionalInterface
    interface Call {
        Answer send() throws InterruptedException;
    }

    /** The service accepts no call, until a person changes something. */
    static final class HopelessException extends Exception {
        private static final long serialVersionUID = 1L;

        HopelessException(String message) {
            super(message);
        }
    }

    /**
     * Makes a call.
     *
     * @return {@code Done}, {@code TooLarge} or {@code Refused}
     * @throws HopelessException if no call will be accepted
     * @throws InterruptedException if the results are not to be sent any more
     */
    Answer deliver(String what, Call call) throws InterruptedException, HopelessException {
        int early = 0;
        for (int tries = 1; ; tries++) {
            // Of many threads, one learns it first.
            if (!hopeless.isEmpty()) {
                throw new HopelessException(hopeless);
            }
            switch (call.send()) {
                case Answer.Done done -> {
                    lastFailure = "";
                    return done;
                }
                case Answer.TooLarge large -> {
                    return large;
                }
                case Answer.Refused refused -> {
                    return refused;
                }
                case Answer.Hopeless never -> {
                    lastFailure = never.why();
                    hopeless = never.why();
                    throw new HopelessException(never.why());
                }
                case Answer.Early soon -> {
                    if (++early >= tuning.earlyTries()) {
                        return new Answer.Refused(soon.why() + ", also after " + early + " tries");
                    }
                    pause(what, soon.why(), tries, Duration.ZERO);
                }
                case Answer.Later later -> pause(what, later.why(), tries, later.pause());
            }
        }
    }

    private void pause(String what, String why, int tries, Duration demanded) throws InterruptedException {
        lastFailure = why;
        Duration pause = pause(tries, demanded);
        if (tries == 1) {
            log().debug("could not {}: {}; it is repeated", what, why);
        }
        tuning.sleeper().sleep(pause);
    }

    private Duration pause(int tries, Duration demanded) {
        Duration grown = tuning.firstPause().multipliedBy(1L << Math.min(tries - 1, MAX_DOUBLINGS));
        Duration own = grown.compareTo(tuning.longestPause()) < 0 ? grown : tuning.longestPause();
        // Half of the pause is random, but a pause that the service demands is never cut.
        Duration random =
                Duration.ofNanos(own.toNanos() / 2 + ThreadLocalRandom.current().nextLong(own.toNanos() / 2 + 1));
        Duration asked = demanded.compareTo(LONGEST_DEMAND) < 0 ? demanded : LONGEST_DEMAND;
        return asked.compareTo(random) > 0 ? asked : random;
    }

    /** {@return why the last call failed; empty if it did not} */
    String lastFailure() {
        return lastFailure;
    }

    static @Nullable String refusal(Answer answer) {
        return switch (answer) {
            case Answer.TooLarge large -> large.why();
            case Answer.Refused refused -> refused.why();
            default -> null;
        };
    }

    // Not a constant: without a provider, the first logger makes SLF4J print a warning.
    static Logger log() {
        return LoggerFactory.getLogger(ReportPortalAggregator.class);
    }
}

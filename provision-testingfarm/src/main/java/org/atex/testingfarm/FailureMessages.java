package org.atex.testingfarm;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.atex.testingfarm.ReservationEvent.Phase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds the messages for failed reservations and lost machines, with all details for a diagnosis and without secrets.
 */
final class FailureMessages {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);
    private static final int LOG_LINES = 5;
    private static final int MAX_LINE_LENGTH = 200;

    private final RunContext run;

    FailureMessages(RunContext run) {
        this.run = run;
    }

    /** The state of a reservation when it fails. */
    record Facts(
            @Nullable String id,
            Phase phase,
            Duration timeInPhase,
            Duration totalTime,
            @Nullable FarmRequest latest,
            List<String> tail) {}

    String failure(Facts facts, String why) {
        String begin = facts.phase() == Phase.READY ? "lost the machine " : "could not reserve ";
        StringBuilder text = new StringBuilder(begin + run.reservation + " at " + run.api.service()
                + ": "
                + redact(why) + " (request " + (facts.id() == null ? "not submitted" : facts.id()) + ", "
                + facts.phase().name().toLowerCase(Locale.ROOT).replace('_', ' ') + " for "
                + format(facts.timeInPhase())
                + ", " + format(facts.totalTime()) + " in total)");
        text.append(summary(facts));
        FarmRequest latest = facts.latest();
        if (latest != null && !latest.notes().isEmpty()) {
            text.append("; its notes: ").append(redact(String.join(" | ", latest.notes())));
        }
        List<String> lines = facts.tail()
                .subList(
                        Math.max(0, facts.tail().size() - LOG_LINES),
                        facts.tail().size());
        if (!lines.isEmpty()) {
            text.append("; last lines of its log:");
            lines.forEach(line -> text.append("\n    ").append(truncate(redact(line))));
            text.append('\n');
        }
        if (latest != null && latest.artifacts() != null) {
            text.append(lines.isEmpty() ? "; " : "").append("artifacts: ").append(latest.artifacts());
        }
        return text.toString();
    }

    /** {@return the reason on one line, for each operation on the machine} */
    String machineLost(Facts facts, String why) {
        return "its reservation has ended: " + redact(why) + " (request " + facts.id() + " at " + run.api.service()
                + ")" + summary(facts);
    }

    private String summary(Facts facts) {
        FarmRequest latest = facts.latest();
        String words = latest == null || latest.summary() == null ? "" : redact(latest.summary());
        return words.isEmpty() ? "" : "; the service says: " + words;
    }

    /** {@return the message for a rejected request} A wrong compose is usually a typo: the closest names are listed. */
    String rejected(TestingFarmException.Rejected e, Identity identity) throws InterruptedException {
        String ranch = identity.ranch() == null ? "public" : identity.ranch();
        String text = "could not reserve " + run.reservation + " at " + run.api.service() + ", ranch " + ranch
                + ", with the token '" + Redaction.singleLine(String.valueOf(identity.tokenName())) + "': "
                + redact(e.words());
        return text + closest(ranch);
    }

    private String closest(String ranch) throws InterruptedException {
        String wanted = run.reservation.compose();
        try {
            List<Compose> composes = run.api.composes(ranch);
            if (composes.isEmpty() || composes.stream().anyMatch(compose -> compose.matches(wanted))) {
                return "";
            }
            List<String> names = composes.stream().map(Compose::name).toList();
            return "; the composes of that ranch with the closest names: "
                    + redact(String.join(", ", SimilarNames.closest(wanted, names)));
        } catch (TestingFarmException other) {
            LOG.debug("could not list the composes to suggest one", other);
            return "";
        }
    }

    private String redact(String text) {
        return run.redaction.redact(text);
    }

    private static String truncate(String line) {
        return line.length() <= MAX_LINE_LENGTH ? line : line.substring(0, MAX_LINE_LENGTH) + "…";
    }

    static String format(Duration time) {
        long seconds = time.toSeconds();
        return seconds < 120 ? seconds + " s" : seconds / 60 + " min";
    }
}

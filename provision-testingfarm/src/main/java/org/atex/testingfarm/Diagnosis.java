package org.atex.testingfarm;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.atex.testingfarm.ReservationEvent.Phase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says why there is no machine, with all that is needed to look into it, and without secrets. */
final class Diagnosis {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);
    private static final int LINES = 5;
    private static final int LONGEST_LINE = 200;

    private final Run run;

    Diagnosis(Run run) {
        this.run = run;
    }

    /** What is known of a reservation when it fails. */
    record Facts(
            @Nullable String id,
            Phase phase,
            Duration inPhase,
            Duration inAll,
            @Nullable FarmRequest seen,
            List<String> tail) {}

    String failure(Facts facts, String why) {
        String what = facts.phase() == Phase.READY ? "lost the machine, " : "could not reserve ";
        StringBuilder text = new StringBuilder(what + run.reservation + " at " + run.api.service()
                + ": "
                + clean(why) + " (request " + (facts.id() == null ? "not submitted" : facts.id()) + ", "
                + facts.phase().name().toLowerCase(Locale.ROOT).replace('_', ' ') + " for " + shown(facts.inPhase())
                + ", " + shown(facts.inAll()) + " in all)");
        text.append(summary(facts));
        FarmRequest seen = facts.seen();
        if (seen != null && !seen.notes().isEmpty()) {
            text.append("; its notes: ").append(clean(String.join(" | ", seen.notes())));
        }
        List<String> lines = facts.tail()
                .subList(Math.max(0, facts.tail().size() - LINES), facts.tail().size());
        if (!lines.isEmpty()) {
            text.append("; last lines of its log:");
            lines.forEach(line -> text.append("\n    ").append(cut(clean(line))));
            text.append('\n');
        }
        if (seen != null && seen.artifacts() != null) {
            text.append(lines.isEmpty() ? "; " : "").append("artifacts: ").append(seen.artifacts());
        }
        return text.toString();
    }

    /** {@return the same in a line, for each of those who use the machine} */
    String end(Facts facts, String why) {
        return "its reservation has ended: " + clean(why) + " (request " + facts.id() + " at " + run.api.service() + ")"
                + summary(facts);
    }

    private String summary(Facts facts) {
        FarmRequest seen = facts.seen();
        String words = seen == null || seen.summary() == null ? "" : clean(seen.summary());
        return words.isEmpty() ? "" : "; the service says: " + words;
    }

    /** A compose that is not there is a slip of the pen more often than not. */
    String rejected(TestingFarmException.Rejected e, Identity identity) throws InterruptedException {
        String ranch = identity.ranch() == null ? "public" : identity.ranch();
        String text = "could not reserve " + run.reservation + " at " + run.api.service() + ", ranch " + ranch
                + ", with the token '" + Redaction.plain(String.valueOf(identity.tokenName())) + "': "
                + clean(e.words());
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
            return "; the composes of that ranch whose names are closest: "
                    + clean(String.join(", ", Names.closest(wanted, names)));
        } catch (TestingFarmException other) {
            LOG.debug("no composes to compare with", other);
            return "";
        }
    }

    private String clean(String text) {
        return run.redaction.clean(text);
    }

    private static String cut(String line) {
        return line.length() <= LONGEST_LINE ? line : line.substring(0, LONGEST_LINE) + "…";
    }

    static String shown(Duration time) {
        long seconds = time.toSeconds();
        return seconds < 120 ? seconds + " s" : seconds / 60 + " min";
    }
}

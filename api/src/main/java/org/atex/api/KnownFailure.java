package org.atex.api;

import java.time.LocalDate;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A failure that is known and does not make a run fail, until a date. The test still runs, and its failure is recorded
 * and shown with the owner. Immutable.
 *
 * {@snippet :
 * KnownFailure known = KnownFailure.of("/network/*", "the network team", LocalDate.of(2027, 1, 31), "issue 4711");
 * }
 *
 * @param test the name of the test; {@code *} stands for any characters
 * @param owner who takes care of it
 * @param until the last day on which it does not count; {@link LocalDate#MAX} if there is none, as for failures of an
 *     earlier run
 * @param reason why the test fails, or where that is described
 */
public record KnownFailure(String test, String owner, LocalDate until, String reason) {
    /** Creates the rule. */
    public KnownFailure {
        Objects.requireNonNull(test, "the name of a test");
        Objects.requireNonNull(until, "the last day");
        if (owner.isBlank()) {
            throw new IllegalArgumentException("the known failure of " + test + " needs an owner");
        }
    }

    /**
     * {@return a rule}
     *
     * @param test the name of the test; {@code *} stands for any characters
     * @param owner who takes care of it
     * @param until the last day on which it does not count
     * @param reason why the test fails, or where that is described
     * @throws IllegalArgumentException if the owner is blank
     */
    public static KnownFailure of(String test, String owner, LocalDate until, String reason) {
        return new KnownFailure(test, owner, until, reason);
    }

    /**
     * {@return whether the rule concerns a test, regardless of the date}
     *
     * @param name the name of the test
     */
    public boolean concerns(String name) {
        String pattern = Stream.of(test.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
        return Pattern.compile(pattern, Pattern.DOTALL).matcher(name).matches();
    }

    /** {@return the rule in one line, for people} */
    @Override
    public String toString() {
        return "known failure" + (until.equals(LocalDate.MAX) ? "" : " until " + until) + ", owner: " + owner
                + (reason.isBlank() ? "" : ": " + reason);
    }
}

package org.atex.junitxml;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The tests of a platform, or of all of them, each with its attempts; and what they amount to. Immutable.
 *
 * @param name what it is called
 * @param tests the attempts at each
 * @param counts how many cases there are
 * @param started when the first began, in milliseconds since 1970
 * @param took from then to the end of the last, in milliseconds
 * @param host the system, if there was only one
 */
record Suite(String name, List<Attempt[]> tests, Counts counts, long started, long took, String host) {
    static Suite of(String name, List<Attempt[]> tests, Profile profile) {
        Counts counts = Counts.NONE;
        long first = Long.MAX_VALUE;
        long end = Long.MIN_VALUE;
        long longest = 0;
        Set<String> systems = new HashSet<>();
        for (Attempt[] attempts : tests) {
            Attempt last = attempts[attempts.length - 1];
            counts = counts.plus(profile.shown(attempts).kind()).plus(last.subtests());
            for (Attempt attempt : attempts) {
                systems.add(attempt.system());
                // One that never started was only noted, perhaps long after everything else.
                if (attempt.number() > 0) {
                    first = Math.min(first, attempt.started());
                    end = Math.max(end, attempt.started() + attempt.took());
                    longest = Math.max(longest, attempt.took());
                }
            }
        }
        if (end < first) {
            first = tests.isEmpty() ? 0 : tests.getFirst()[0].started();
            end = first;
        }
        systems.removeIf(String::isBlank);
        // The clock may have been set back meanwhile: a suite takes as long as its longest test at least.
        long took = Math.max(longest, end - first);
        String host = systems.size() == 1 ? systems.iterator().next() : "localhost";
        return new Suite(name, tests, counts, first, took, host);
    }
}

package org.atex.findings;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.UnaryOperator;
import org.atex.api.Problem;
import org.atex.api.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * A run, as events or a kept run describe it.
 *
 * @param id the id of the run
 * @param platform the platform of the run
 * @param directory the directory of the run, or null if it is not kept
 * @param started when it started
 * @param took how long it took
 * @param isEnded whether it has ended
 * @param verdict the worst verdict, of problems as well
 * @param planned the number of planned tests
 * @param tests the tests that have ended or will not start
 * @param problems the problems beside the tests
 * @param details adds the excerpts and files of a test, where they are not there yet
 */
record RunFacts(
        String id,
        String platform,
        @Nullable Path directory,
        Instant started,
        Duration took,
        boolean isEnded,
        Verdict verdict,
        int planned,
        List<Ended> tests,
        List<Problem> problems,
        UnaryOperator<Ended> details) {}

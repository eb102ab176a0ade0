package org.atex.artifacts;

import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * An attempt by a program that was killed, in a run that another program {@linkplain Spool#resume resumes}. Immutable.
 *
 * @param record the attempt; the outcome is {@link org.atex.api.Outcome#LOST} if the program was killed before its end
 * @param spooled its artifacts; null if all aggregators have stored them
 * @param isDecided whether it is certain that the attempt is, or is not, the last one of its test. Otherwise it did not
 *     end, or a rerun may have been due.
 */
public record EarlierAttempt(TestRecord record, @Nullable SpooledAttempt spooled, boolean isDecided) {}

package org.atex.adhoc;

import java.util.Objects;
import org.atex.api.Aggregator;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * An aggregator of a run, with the terms on which the run uses it.
 *
 * {@snippet :
 * builder.into(Sink.of(results)).into(Sink.of(server).withName("dashboard").optional());
 * }
 *
 * <p>Each sink has a queue of its own: one that is slow or fails does not delay the others. When 1,024 attempts wait for
 * one sink, or twice as many as tests can run at the same time if that is more, no test starts until half of them are
 * stored. If storing fails with an {@link java.io.IOException} among
 * the causes, it is tried again after pauses of 1 s, 2 s, 4 s and so on, up to 30 s. If that does not help, the sink gets
 * one try for each further attempt until one succeeds, so that a run does not wait for a service that is gone. At the
 * end of the run, what is left is tried once more, until three in a row fail. Results that are finally not stored stay
 * in the work directory of the run.
 *
 * <p>Immutable.
 */
public final class Sink {
    private static final int MAX_ATTEMPTS = 5;

    final Aggregator aggregator;

    @Nullable
    final String name;

    final int maxAttempts;
    final boolean optional;

    private Sink(Aggregator aggregator, @Nullable String name, int maxAttempts, boolean optional) {
        this.aggregator = aggregator;
        this.name = name;
        this.maxAttempts = maxAttempts;
        this.optional = optional;
    }

    /**
     * {@return a sink without a name, which the run requires, with five tries for each attempt}
     *
     * @param aggregator the aggregator; the caller must close it after the run
     */
    public static Sink of(Aggregator aggregator) {
        return new Sink(Objects.requireNonNull(aggregator), null, MAX_ATTEMPTS, false);
    }

    /**
     * {@return a copy with a name for messages and for the records of what it has stored}
     *
     * @param unique a name that is unique in the run; by default the text of the aggregator
     */
    public Sink withName(String unique) {
        return new Sink(aggregator, Objects.requireNonNull(unique), maxAttempts, optional);
    }

    /**
     * {@return a copy with another number of tries for each attempt at a test}
     *
     * @param count the number, at least 1; default: 5
     * @throws IllegalArgumentException if it is less than 1
     */
    public Sink withMaxAttempts(int count) {
        return new Sink(aggregator, name, Arguments.atLeast(1, count, "maxAttempts"), optional);
    }

    /** {@return a copy whose failures are reported, but do not change the verdict and the exit code of the run} */
    public Sink optional() {
        return new Sink(aggregator, name, maxAttempts, true);
    }
}

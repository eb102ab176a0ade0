package org.atex.adhoc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Aggregator;
import org.atex.api.Problem;
import org.atex.artifacts.FanOut;
import org.atex.artifacts.Spool;
import org.jspecify.annotations.Nullable;

/**
 * An aggregator of a run and its name.
 *
 * @param name its unique name
 * @param isTold whether messages mention the name
 * @param aggregator the aggregator
 * @param maxAttempts how often it is called for an attempt
 * @param optional whether its failures do not change the verdict
 */
record NamedSink(String name, boolean isTold, Aggregator aggregator, int maxAttempts, boolean optional) {
    /**
     * {@return the sinks with unique names; those of a {@link FanOut} one by one}
     *
     * @param guard calls the aggregators
     * @param limit the limit for each call
     */
    static List<NamedSink> of(List<Sink> sinks, Guard guard, Duration limit) {
        List<NamedSink> named = new ArrayList<>();
        for (Sink sink : sinks) {
            for (Aggregator aggregator : members(sink.aggregator)) {
                String name = sink.name == null ? nameOf(aggregator, guard, limit) : sink.name;
                String unique = name;
                for (int number = 2; isTaken(unique, named); number++) {
                    unique = name + " (" + number + ")";
                }
                boolean told = sinks.size() > 1 || sink.name != null || sink.aggregator instanceof FanOut;
                named.add(new NamedSink(unique, told, aggregator, sink.maxAttempts, sink.optional));
            }
        }
        return named;
    }

    private static List<Aggregator> members(Aggregator aggregator) {
        return aggregator instanceof FanOut fanOut
                ? fanOut.aggregators().stream()
                        .flatMap(member -> members(member).stream())
                        .toList()
                : List.of(aggregator);
    }

    private static boolean isTaken(String name, List<NamedSink> sinks) {
        return sinks.stream().anyMatch(sink -> sink.name.equals(name));
    }

    private static String nameOf(Aggregator aggregator, Guard guard, Duration limit) {
        Guard.Result<String> name = guard.call(
                Guard.Phase.WORK, "the name of an aggregator", limit, () -> Spool.nameOf(aggregator), late -> {});
        return name instanceof Guard.Result.Done<String>(String value) ? value : "aggregator";
    }

    /** {@return a problem of this sink} */
    Problem problem(String message) {
        return optional ? Problem.overcome(message) : Problem.notStored(message);
    }

    /** {@return a phrase for messages that says which sink it was; empty if the run has only one, without a name} */
    String by() {
        return isTold ? " by " + name : "";
    }

    // Not by the aggregator, whose methods are user code. Names are unique.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof NamedSink sink && name.equals(sink.name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }
}

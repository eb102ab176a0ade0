package org.atex.adhoc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Aggregator;
import org.atex.api.Problem;
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
     * {@return the sinks with unique names}
     *
     * @param guard calls the aggregators
     * @param limit the limit for each call
     */
    static List<NamedSink> of(List<Sink> sinks, Guard guard, Duration limit) {
        List<NamedSink> named = new ArrayList<>();
        for (Sink sink : sinks) {
            String name = sink.name == null ? textOf(sink.aggregator, guard, limit) : sink.name;
            String unique = name;
            for (int number = 2; isTaken(unique, named); number++) {
                unique = name + " (" + number + ")";
            }
            boolean told = sinks.size() > 1 || sink.name != null;
            named.add(new NamedSink(unique, told, sink.aggregator, sink.maxAttempts, sink.optional));
        }
        return named;
    }

    private static boolean isTaken(String name, List<NamedSink> sinks) {
        return sinks.stream().anyMatch(sink -> sink.name.equals(name));
    }

    private static String textOf(Aggregator aggregator, Guard guard, Duration limit) {
        String simple = aggregator.getClass().getSimpleName();
        String otherwise = simple.isEmpty() ? "aggregator" : simple;
        Guard.Result<String> text = guard.call(
                Guard.Phase.WORK, "the name of an aggregator", limit, () -> text(aggregator, otherwise), late -> {});
        return text instanceof Guard.Result.Done<String>(String value) ? value : otherwise;
    }

    private static String text(Aggregator aggregator, String otherwise) {
        @Nullable String text = aggregator.toString(); // user code may return null
        boolean isDefault = text == null
                || text.isBlank()
                || text.startsWith(aggregator.getClass().getName() + "@");
        return isDefault ? otherwise : text;
    }

    /** {@return a problem of this sink} */
    Problem problem(String message) {
        return optional ? Problem.overcome(message) : Problem.notStored(message);
    }

    /** {@return a phrase for messages that says which sink it was; empty if the run has only one, without a name} */
    String by() {
        return isTold ? " by " + name : "";
    }

    @Override
    public String toString() {
        return name;
    }
}

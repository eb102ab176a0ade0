package org.atex.slurm;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Counts the failures of nodes in a row. Nodes that reach the limit are excluded. Thread-safe. */
final class NodeFailures {
    private final int limit;
    private final Map<String, Integer> failures = new TreeMap<>();

    NodeFailures(int limit) {
        this.limit = limit;
    }

    /** {@return the number of failures of the node in a row, with one more} */
    synchronized int add(String node) {
        return failures.merge(node, 1, Integer::sum);
    }

    /** Forgets the failures of a node that worked. An excluded node stays excluded. */
    synchronized void worked(String node) {
        failures.computeIfPresent(node, (name, count) -> count < limit ? null : count);
    }

    synchronized List<String> excluded() {
        return failures.entrySet().stream()
                .filter(entry -> entry.getValue() >= limit)
                .map(Map.Entry::getKey)
                .toList();
    }

    /** {@return the excluded nodes with their numbers of failures} */
    synchronized Map<String, Integer> excludedWithCounts() {
        return failures.entrySet().stream()
                .filter(entry -> entry.getValue() >= limit)
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /** {@return a sentence about the excluded nodes, or an empty text} */
    String note() {
        Map<String, Integer> counts = new TreeMap<>(excludedWithCounts());
        return counts.isEmpty()
                ? ""
                : "; excluded after " + limit + " failures in a row: "
                        + counts.entrySet().stream()
                                .map(entry -> entry.getKey() + " (" + entry.getValue() + ")")
                                .collect(Collectors.joining(", "));
    }
}

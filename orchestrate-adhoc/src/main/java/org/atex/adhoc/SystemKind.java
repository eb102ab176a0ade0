package org.atex.adhoc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Systems with the same labels, on which the same tests can run. Confined to {@link WaitingTests}. */
final class SystemKind {
    final Map<String, String> labels;
    /** The tests of the run that can run on its systems. */
    final List<Line> lines = new ArrayList<>();

    private final Set<SystemKind> withSlots;
    private int readySlots;
    private int freeSlots;

    /**
     * Creates the kind.
     *
     * @param labels the labels of its systems
     * @param withSlots receives this kind while it has free slots
     */
    SystemKind(Map<String, String> labels, Set<SystemKind> withSlots) {
        this.labels = labels;
        this.withSlots = withSlots;
    }

    void add(Line line) {
        lines.add(line);
        line.readySlots += readySlots;
    }

    /** Adds slots of systems that are ready; a negative number if they are not ready any more. */
    void addReady(int slots) {
        readySlots += slots;
        lines.forEach(line -> line.readySlots += slots);
    }

    /** Adds slots that can run a test now or after the preparation of their system; a negative number removes them. */
    void addFree(int slots) {
        freeSlots += slots;
        if (freeSlots > 0) {
            withSlots.add(this);
        } else {
            withSlots.remove(this);
        }
    }

    int freeSlots() {
        return freeSlots;
    }

    /** {@return the number of demands of waiting tests that its systems meet} */
    int demands() {
        int demands = 0;
        for (Line line : lines) {
            demands += line.isEmpty() ? 0 : 1;
        }
        return demands;
    }
}

package org.atex.adhoc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Systems with the same labels, on which the same tests can run. Confined to {@link WaitingTests}. */
final class SystemKind {
    final Map<String, String> labels;
    /** The tests of the run that can run on its systems. */
    final List<Line> lines = new ArrayList<>();

    private int readySlots;

    SystemKind(Map<String, String> labels) {
        this.labels = labels;
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

    /** {@return the number of demands of waiting tests that its systems meet} */
    int demands() {
        int demands = 0;
        for (Line line : lines) {
            demands += line.isEmpty() ? 0 : 1;
        }
        return demands;
    }
}

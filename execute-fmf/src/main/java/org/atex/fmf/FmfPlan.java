package org.atex.fmf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a plan adds to the tests that it chooses. Immutable.
 *
 * @param name its name, or {@code none} for tests that were chosen without a plan
 * @param environment variables for every script and test
 * @param prepare what is done to each system before its first test, in its order
 * @param finish what is done to each system after its last test, in its order
 */
public record FmfPlan(String name, Map<String, String> environment, List<Phase> prepare, List<Phase> finish) {
    /** No plan at all. */
    static final FmfPlan NONE = new FmfPlan("none", Map.of(), List.of(), List.of());

    /** Copies the collections. */
    public FmfPlan {
        environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        prepare = List.copyOf(prepare);
        finish = List.copyOf(finish);
    }
}

package org.atex.fmf;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Numbers the tests of a factory, from 1 in their order, and gives its run a name. Immutable.
 */
final class SerialNumbers {
    private final Map<String, Integer> numbers = new HashMap<>();
    private final String run = UUID.randomUUID().toString();

    SerialNumbers(List<FmfTest> tests) {
        int number = 0;
        for (FmfTest test : tests) {
            number++;
            numbers.putIfAbsent(test.name(), number);
        }
    }

    /** {@return the number of a test; of one that is none of them, the number behind the last} */
    int of(FmfTest test) {
        Integer number = numbers.get(test.name());
        return number == null ? numbers.size() + 1 : number;
    }

    /** {@return a name that no other run has} */
    String run() {
        return run;
    }
}

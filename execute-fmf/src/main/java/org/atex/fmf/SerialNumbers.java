package org.atex.fmf;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Numbers the tests of a factory in their order, starting with 1, and names the run. Immutable. */
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

    /** {@return the number of a test; the number after the last one for a test that is not among them} */
    int of(FmfTest test) {
        Integer number = numbers.get(test.name());
        return number == null ? numbers.size() + 1 : number;
    }

    /** {@return a unique name of the run} */
    String run() {
        return run;
    }
}

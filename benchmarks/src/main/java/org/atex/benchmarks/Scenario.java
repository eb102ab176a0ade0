package org.atex.benchmarks;

/** A measurement and its baseline. */
interface Scenario {
    /** {@return the name on the command line} */
    String name();

    /** {@return a description of the measurement and the baseline} */
    String about();

    /**
     * Measures the subject and the baseline, one after the other.
     *
     * @return the times of both
     * @throws Exception if the measurement fails
     */
    Sample measure() throws Exception;

    /**
     * Describes the result.
     *
     * @param median the median sample, by ratio
     * @return one line
     */
    String describe(Sample median);

    /** {@return a missing requirement on this machine, or an empty string} */
    default String missing() {
        return "";
    }

    /** {@return the number of samples} */
    default int samples() {
        return 5;
    }

    /**
     * A sample.
     *
     * @param seconds the time of the subject
     * @param baseline the time of the baseline
     */
    record Sample(double seconds, double baseline) {
        double ratio() {
            return seconds / baseline;
        }
    }
}

package org.atex.benchmarks;

/** A whole run that is measured beside a baseline. */
interface Scenario {
    /** {@return what it is called on the command line} */
    String name();

    /** {@return what is measured, and against what} */
    String about();

    /**
     * Runs both, the one after the other.
     *
     * @return what was measured
     * @throws Exception if it cannot be measured
     */
    Sample measure() throws Exception;

    /**
     * Says what samples mean.
     *
     * @param median the sample in the middle, by ratio
     * @return one line
     */
    String describe(Sample median);

    /** {@return what it needs and does not find here, or an empty text} */
    default String missing() {
        return "";
    }

    /** {@return how often to measure} */
    default int samples() {
        return 5;
    }

    /**
     * One measurement.
     *
     * @param seconds what ours took
     * @param baseline what the baseline took
     */
    record Sample(double seconds, double baseline) {
        double ratio() {
            return seconds / baseline;
        }
    }
}

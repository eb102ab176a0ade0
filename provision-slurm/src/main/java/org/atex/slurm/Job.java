package org.atex.slurm;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The state of a job, as {@code squeue} lists it. Immutable.
 *
 * @param id its id
 * @param state its state, such as {@code PENDING}
 * @param node its node, or an empty text
 * @param end the end of its time limit, or null
 * @param cpus the number of its processors
 * @param memory its memory in the notation of Slurm; {@code 0} for all of the node
 * @param partition its partition
 * @param comment its comment
 * @param reason the reason for its state
 */
record Job(
        String id,
        String state,
        String node,
        @Nullable Instant end,
        String cpus,
        String memory,
        String partition,
        String comment,
        String reason) {
    /** The format of a line for {@link #parse}. The texts of users and administrators come last. */
    static final String FORMAT = "%i|%T|%N|%e|%C|%m|%P|%k|%r";

    private static final int FIELDS = 9;

    private static final Set<String> WAITING = Set.of(
            "PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT");

    private static final Set<String> RUNNING =
            Set.of("RUNNING", "SUSPENDED", "STOPPED", "SIGNALING", "RESIZING", "STAGE_OUT");

    private static final Set<String> NODE_FAILURES = Set.of("NODE_FAIL", "BOOT_FAIL", "LAUNCH_FAILED");

    /**
     * Reasons for which a job does not start before somebody changes the job or the cluster. {@code PartitionConfig} and
     * {@code PartitionNodeLimit} are not among them: they also mean that nodes are down at the moment.
     */
    private static final Set<String> NEVER = Set.of(
            "BadConstraints",
            "PartitionTimeLimit",
            "AccountNotAllowed",
            "InvalidAccount",
            "InvalidQOS",
            "QOSNotAllowed",
            "DependencyNeverSatisfied");

    /**
     * {@return the job of a line, or null if the line has another form}
     *
     * @param line a line in {@link #FORMAT}
     */
    static @Nullable Job parse(String line) {
        String[] words = line.split("\\|", FIELDS);
        if (words.length < FIELDS || !words[0].matches("\\d+.*")) {
            return null;
        }
        return new Job(words[0], words[1], words[2], time(words[3]), words[4], words[5], words[6], words[7], words[8]);
    }

    /** {@return a job that Slurm does not list any more} */
    static Job forgotten(String id) {
        return new Job(id, "UNKNOWN", "", null, "", "", "", "", "Slurm does not list the job any more");
    }

    private static @Nullable Instant time(String seconds) {
        return seconds.matches("\\d{1,11}") ? Instant.ofEpochSecond(Long.parseLong(seconds)) : null;
    }

    boolean isWaiting() {
        return WAITING.contains(state);
    }

    boolean isRunning() {
        return RUNNING.contains(state);
    }

    /** {@return whether the state is the last one; a job that is completing gets another one} */
    boolean hasEnded() {
        return !isWaiting() && !isRunning() && !state.equals("COMPLETING");
    }

    boolean isFailureOfNode() {
        return NODE_FAILURES.contains(state);
    }

    /** {@return whether the job waits for something that does not come by itself} */
    boolean canNeverStart() {
        // Limits per job, such as QOSMaxCpuPerJobLimit, do not change when other jobs end.
        return isWaiting() && (NEVER.contains(reason) || reason.contains("PerJob"));
    }

    /** {@return the state and the reason in the words of Slurm} */
    String words() {
        return "state " + state + ", reason " + (reason.isBlank() ? "None" : reason);
    }
}

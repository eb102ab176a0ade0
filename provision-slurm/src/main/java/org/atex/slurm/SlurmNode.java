package org.atex.slurm;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A node of the cluster, as {@code sinfo} lists it. Immutable.
 *
 * @param name its name
 * @param address its address
 * @param cpus the number of its processors
 * @param memory its memory in MiB
 * @param features its active features
 * @param state its state, such as {@code idle} or {@code drained}
 * @param reason the reason why it is down or drained; an empty text if there is none
 */
public record SlurmNode(
        String name, String address, int cpus, long memory, List<String> features, String state, String reason) {
    /** The format of a line for {@link #parse}. The texts of administrators come last. */
    static final String FORMAT = "%N|%o|%c|%m|%b|%T|%E";

    private static final int FIELDS = 7;

    /** Copies the list. */
    public SlurmNode {
        features = List.copyOf(features);
    }

    static @Nullable SlurmNode parse(String line) {
        String[] words = line.split("\\|", FIELDS);
        if (words.length < FIELDS) {
            return null;
        }
        List<String> features = words[4].equals("(null)") ? List.of() : List.of(words[4].split(",", -1));
        String reason = words[6].equals("none") ? "" : words[6];
        return new SlurmNode(words[0], words[1], (int) number(words[2]), number(words[3]), features, words[5], reason);
    }

    /** {@return its name and its features as labels} */
    Map<String, String> labels() {
        Map<String, String> labels = new HashMap<>();
        labels.put("node", name);
        if (!features.isEmpty()) {
            labels.put("features", String.join(",", features));
        }
        features.forEach(feature -> labels.put("feature." + feature, "yes"));
        return labels;
    }

    private static long number(String text) {
        String digits = text.replaceAll("\\D.*", "");
        return digits.isEmpty() || digits.length() > 12 ? 0 : Long.parseLong(digits);
    }
}

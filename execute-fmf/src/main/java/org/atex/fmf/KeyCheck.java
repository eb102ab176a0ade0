package org.atex.fmf;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.atex.fmf.tree.FmfNode;
import org.jspecify.annotations.Nullable;

/**
 * Finds misspelled keys, which would be ignored silently. A key is misspelled if it is similar to a known key; all
 * others belong to the user. For one thread.
 */
final class KeyCheck {
    /**
     * The known keys of tests and plans. There is one list for both, as tests and plans inherit keys from common
     * parents.
     */
    private static final Set<String> KEYS = sorted(
            "adjust author check cleanup component contact context coverage description discover documented duration enabled"
                    + " environment environment-file example execute extra-priority finish framework gate id implemented"
                    + " import link login manual name order path plan prepare priority provision recommend relevancy report"
                    + " require restart-max-count restart-on-exit-code restart-with-reboot result story summary tag test"
                    + " tester tier title tty verified where");

    private static final String USER_PREFIX = "extra-";

    private final Map<String, Finding> findings = new LinkedHashMap<>();

    /** A finding, and the number of further nodes with it. */
    private static final class Finding {
        private final String text;
        private int others;

        Finding(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return others == 0 ? text : text + " (and in " + others + " more)";
        }
    }

    private static Set<String> sorted(String keys) {
        return Collections.unmodifiableSortedSet(new TreeSet<>(List.of(keys.split(" "))));
    }

    /** Checks the keys of a test or plan. */
    void node(FmfNode node) {
        for (String key : node.data().keySet()) {
            String suggestion = nearest(key, KEYS);
            if (suggestion != null) {
                addMisspelled(node, key, "the key '" + key + "' of " + node.name(), suggestion);
            }
        }
    }

    /**
     * Checks the keys of a plan. Unlike in tests, all unknown keys are reported. They may belong to the user, as a tree
     * can define keys for all its nodes.
     */
    void plan(FmfNode node) {
        node(node);
        for (String key : node.data().keySet()) {
            if (!KEYS.contains(key) && !key.startsWith(USER_PREFIX) && nearest(key, KEYS) == null) {
                add(
                        node,
                        key,
                        node.place(key) + "the key '" + key + "' of the plan " + node.name()
                                + " has no meaning in plans and is ignored. A key of your own can begin with '"
                                + USER_PREFIX
                                + "'");
            }
        }
    }

    private void addMisspelled(FmfNode node, String key, String subject, String suggestion) {
        add(
                node,
                key + "\0" + suggestion,
                node.place(key) + subject + " is unknown and ignored: did you mean '" + suggestion
                        + "'? A key of your own can begin with '" + USER_PREFIX + "'");
    }

    private void add(FmfNode node, String identity, String message) {
        // Nodes that inherit a key from one file have one finding.
        String file = node.sources().isEmpty() ? "" : node.sources().getLast().toString();
        String location = file + "\0" + identity;
        Finding existing = findings.get(location);
        if (existing != null) {
            existing.others++;
            return;
        }
        findings.put(location, new Finding(message));
    }

    /** {@return the findings, one line each; a key that several nodes inherit from one file is one finding} */
    List<String> warnings() {
        List<String> all = new ArrayList<>();
        findings.values().forEach(finding -> all.add(finding.toString()));
        return List.copyOf(all);
    }

    /** {@return the known key that a key is similar to, or null if it is known itself or similar to none} */
    static @Nullable String nearest(String key, Set<String> keys) {
        if (keys.contains(key) || key.startsWith("/")) {
            return null;
        }
        String nearest = null;
        int least = Integer.MAX_VALUE;
        for (String candidate : keys) {
            int distance = distance(key, candidate);
            // Two edits are allowed only in longer keys with the same first letter: otherwise, short words are similar
            // to many others.
            boolean near = distance == 1
                    ? candidate.length() > 2
                    : distance == 2 && candidate.length() > 5 && candidate.charAt(0) == key.charAt(0);
            if (near && distance < least) {
                nearest = candidate;
                least = distance;
            }
        }
        return nearest;
    }

    /**
     * {@return the number of edits between two words: letters replaced, inserted, deleted or swapped with the next one}
     */
    static int distance(String a, String b) {
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                cost[i][j] = i == 0 || j == 0 ? i + j : cheapest(cost, i, j, a, b);
            }
        }
        return cost[a.length()][b.length()];
    }

    private static int cheapest(int[][] cost, int i, int j, String a, String b) {
        int replaced = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        int least = Math.min(replaced, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
        boolean swapped = i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
        return swapped ? Math.min(least, cost[i - 2][j - 2] + 1) : least;
    }
}

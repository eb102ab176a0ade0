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
 * Finds keys that are nearly those of the format: they would be ignored without a word. Keys that are like no other are the
 * user's own. For one thread.
 */
final class KeyCheck {
    /** What tests and plans may have, all of it for both: they inherit from each other's parents. */
    private static final Set<String> KEYS = sorted(
            "adjust author check cleanup component contact context coverage description discover documented duration enabled"
                    + " environment environment-file example execute extra-priority finish framework gate id implemented"
                    + " import link login manual name order path plan prepare priority provision recommend relevancy report"
                    + " require restart-max-count restart-on-exit-code restart-with-reboot result story summary tag test"
                    + " tester tier title tty verified where");

    private static final String OWN = "extra-";

    private final Map<String, Judgement> findings = new LinkedHashMap<>();

    /** What was found, and in how many nodes. */
    private static final class Judgement {
        private final String text;
        private int others;

        Judgement(String text) {
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
            String meant = nearest(key, KEYS);
            if (meant != null) {
                add(node, key, "the key '" + key + "' of " + node.name(), meant);
            }
        }
    }

    /** Checks the keys of a plan: what is unknown there is the user's own, as trees have keys for all their nodes. */
    void plan(FmfNode node) {
        node(node);
        for (String key : node.data().keySet()) {
            if (!KEYS.contains(key) && !key.startsWith(OWN) && nearest(key, KEYS) == null) {
                add(
                        node,
                        key,
                        node.place(key) + "the key '" + key + "' of the plan " + node.name()
                                + " means nothing to plans, and is ignored. A key of your own may begin with '" + OWN
                                + "'");
            }
        }
    }

    private void add(FmfNode node, String at, String what, String meant) {
        add(
                node,
                at + "\0" + meant,
                node.place(at) + what + " is unknown and ignored: did you mean '" + meant
                        + "'? A key of your own may begin with '" + OWN + "'");
    }

    private void add(FmfNode node, String mistake, String words) {
        String file = node.sources().isEmpty() ? "" : node.sources().getLast().toString();
        String same = file + "\0" + mistake;
        Judgement known = findings.get(same);
        if (known != null) {
            known.others++;
            return;
        }
        findings.put(same, new Judgement(words));
    }

    /** {@return what was found, one line each, each key of a file once} */
    List<String> warnings() {
        List<String> all = new ArrayList<>();
        findings.values().forEach(finding -> all.add(finding.toString()));
        return List.copyOf(all);
    }

    /** {@return the known key that one is nearly, or null if it is one itself, or like none} */
    static @Nullable String nearest(String key, Set<String> keys) {
        if (keys.contains(key) || key.startsWith("/")) {
            return null;
        }
        String nearest = null;
        int least = Integer.MAX_VALUE;
        for (String known : keys) {
            int distance = distance(key, known);
            boolean near = distance == 1
                    ? known.length() > 2
                    : distance == 2 && known.length() > 5 && known.charAt(0) == key.charAt(0);
            if (near && distance < least) {
                nearest = known;
                least = distance;
            }
        }
        return nearest;
    }

    /** {@return how many letters are wrong, missing, too many or swapped with the next} */
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

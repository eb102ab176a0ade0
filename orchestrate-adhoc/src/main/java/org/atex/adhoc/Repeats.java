package org.atex.adhoc;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Counts what is said again and again, so that it is said in full once. Reasons that differ only in names, paths,
 * numbers, times and identifiers count as the same.
 */
final class Repeats {
    private static final int REMEMBERED = 500;
    private static final int COMPARED = 2000;
    private static final Pattern VARIABLE = Pattern.compile(
            "(?<![\\w.])/(?:[\\w.+@:-]+/)+[\\w.+@:-]*|\\b[0-9a-f-]*[0-9][0-9a-f-]{7,}\\b|\\d{4,}|\\d+(:\\d+)+|\\d+([.,]\\d+)?(?= ?(ms|s|min|h|seconds|minutes)\\b)");

    /** The first one that had the reason, and how often it was counted. */
    record Count(String first, int times) {
        boolean again() {
            return times > 1;
        }

        /** At 1, 10, 100 and so on. */
        boolean isRound() {
            int rest = times;
            while (rest % 10 == 0) {
                rest /= 10;
            }
            return rest == 1;
        }
    }

    private final Map<String, Count> counts = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Count> eldest) {
            return size() > REMEMBERED;
        }
    };

    /** Counts a reason that something of this name gave. */
    Count count(String reason, String name) {
        Count one = new Count(name, 1);
        return counts.merge(kind(reason, name), one, (before, next) -> new Count(before.first, before.times + 1));
    }

    /** What is the same for all that failed alike. */
    static String kind(String reason, String name) {
        String beginning = reason.substring(0, Math.min(reason.length(), COMPARED));
        return VARIABLE.matcher(beginning.replace(name, "…")).replaceAll("#");
    }
}

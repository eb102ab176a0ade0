package org.atex.support;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Counts repeated reasons, so that each is printed in full once. Reasons are equal if they differ only in names,
 * paths, numbers, times and identifiers. Not thread-safe.
 */
public final class RepeatCounter {
    private static final int REMEMBERED = 500;
    private static final int COMPARED = 2000;
    private static final Pattern VARIABLE = Pattern.compile(
            "(?<![\\w.])/(?:[\\w.+@:-]+/)+[\\w.+@:-]*|\\b[0-9a-f-]*[0-9][0-9a-f-]{7,}\\b|\\d{4,}|\\d+(:\\d+)+|\\d+([.,]\\d+)?(?= ?(ms|s|min|h|seconds|minutes)\\b)");

    /** Creates a counter that has counted nothing. */
    public RepeatCounter() {}

    /**
     * The number of subjects with a reason.
     *
     * @param first the name of the first subject
     * @param times the number of subjects
     */
    public record Count(String first, int times) {
        /** {@return whether there was a subject with this reason before} */
        public boolean again() {
            return times > 1;
        }

        /** {@return whether the number is 1, 10, 100 and so on} */
        public boolean isRound() {
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

    /**
     * Counts a reason.
     *
     * @param reason the reason
     * @param name the name of the subject
     * @return the count, including this one
     */
    public Count count(String reason, String name) {
        Count one = new Count(name, 1);
        return counts.merge(kind(reason, name), one, (before, next) -> new Count(before.first, before.times + 1));
    }

    /**
     * {@return the reason without its variable parts, the same for all failures of one kind}
     *
     * @param reason the reason
     * @param name the name of the subject
     */
    public static String kind(String reason, String name) {
        String beginning = reason.substring(0, Math.min(reason.length(), COMPARED));
        return VARIABLE.matcher(beginning.replace(name, "…")).replaceAll("#");
    }
}

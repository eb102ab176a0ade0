package org.atex.support;

/** Words for people that depend on a number. */
public final class Plural {
    private Plural() {}

    /**
     * {@return a number with its noun, such as {@code 1 test} or {@code 2 tests}}
     *
     * @param count the number
     * @param noun the noun in the singular, with a regular plural
     */
    public static String of(long count, String noun) {
        return count + " " + noun + (count == 1 ? "" : "s");
    }

    /**
     * {@return a number with its noun and its verb, such as {@code 1 test waits} or {@code 2 tests wait}}
     *
     * @param count the number
     * @param noun the noun in the singular, with a regular plural
     * @param one the verb after one
     * @param many the verb after another number
     */
    public static String of(long count, String noun, String one, String many) {
        return of(count, noun) + " " + (count == 1 ? one : many);
    }
}

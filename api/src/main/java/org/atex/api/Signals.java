package org.atex.api;

import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Names and numbers of the signals that end processes. The numbers are those of Linux on its usual architectures, such
 * as x86_64 and aarch64.
 */
public final class Signals {
    private static final Map<Integer, String> NAMES = Map.ofEntries(
            Map.entry(1, "HUP"),
            Map.entry(2, "INT"),
            Map.entry(3, "QUIT"),
            Map.entry(4, "ILL"),
            Map.entry(5, "TRAP"),
            Map.entry(6, "ABRT"),
            Map.entry(7, "BUS"),
            Map.entry(8, "FPE"),
            Map.entry(9, "KILL"),
            Map.entry(10, "USR1"),
            Map.entry(11, "SEGV"),
            Map.entry(12, "USR2"),
            Map.entry(13, "PIPE"),
            Map.entry(14, "ALRM"),
            Map.entry(15, "TERM"),
            Map.entry(24, "XCPU"),
            Map.entry(25, "XFSZ"),
            Map.entry(31, "SYS"));
    private static final Map<String, Integer> NUMBERS =
            NAMES.entrySet().stream().collect(Collectors.toUnmodifiableMap(Map.Entry::getValue, Map.Entry::getKey));

    private Signals() {}

    /**
     * {@return the name of a signal without {@code SIG}, or null if no known signal that ends processes has this
     * number}
     *
     * @param number the number of the signal
     */
    public static @Nullable String name(int number) {
        return NAMES.get(number);
    }

    /**
     * {@return the number of a signal, or 0 if the name is not known}
     *
     * @param name the name of the signal without {@code SIG}
     */
    public static int number(String name) {
        return NUMBERS.getOrDefault(name, 0);
    }
}

package org.atex.api;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Compares values of labels: numbers, versions and sizes. */
final class Magnitude {
    private static final Pattern VERSION = Pattern.compile("\\d{1,18}(\\.\\d{1,18}){0,9}");
    private static final Pattern SIZE = Pattern.compile("(\\d{1,18}(?:\\.\\d{1,18})?) ?([A-Za-z]{1,3})");
    private static final Map<String, BigDecimal> UNITS = Map.of(
            "B", BigDecimal.ONE,
            "kB", BigDecimal.TEN.pow(3),
            "MB", BigDecimal.TEN.pow(6),
            "GB", BigDecimal.TEN.pow(9),
            "TB", BigDecimal.TEN.pow(12),
            "KiB", BigDecimal.TWO.pow(10),
            "MiB", BigDecimal.TWO.pow(20),
            "GiB", BigDecimal.TWO.pow(30),
            "TiB", BigDecimal.TWO.pow(40));

    private Magnitude() {}

    static boolean isOne(String text) {
        return bytes(text) != null || VERSION.matcher(text).matches();
    }

    /** {@return whether the value can be compared with the minimum and is not less} */
    static boolean isAtLeast(String value, String minimum) {
        BigDecimal size = bytes(value);
        BigDecimal smallest = bytes(minimum);
        if (size != null && smallest != null) {
            return size.compareTo(smallest) >= 0;
        }
        return VERSION.matcher(value).matches()
                && VERSION.matcher(minimum).matches()
                && compareVersions(value.split("\\.", -1), minimum.split("\\.", -1)) >= 0;
    }

    private static @Nullable BigDecimal bytes(String text) {
        Matcher size = SIZE.matcher(text);
        BigDecimal unit = size.matches() ? UNITS.get(size.group(2)) : null;
        return unit == null ? null : new BigDecimal(size.group(1)).multiply(unit);
    }

    private static int compareVersions(String[] a, String[] b) {
        for (int i = 0; i < Math.max(a.length, b.length); i++) {
            int order = part(a, i).compareTo(part(b, i));
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }

    private static BigInteger part(String[] version, int index) {
        return index < version.length ? new BigInteger(version[index]) : BigInteger.ZERO;
    }
}

package org.atex.fmf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * An item of the {@code check} key of a test, which examines the system before and after the test. tmt defines the
 * format.
 *
 * @param how the kind of the check
 * @param enabled whether the check is run
 * @param result how its result counts: {@code respect}, {@code xfail} or {@code info}
 * @param failures patterns of log lines that mean a failure
 * @param ignored patterns of log lines that are ignored even if they match a failure
 * @param settings the other keys, with their values as text
 */
record TestCheck(
        String how,
        boolean enabled,
        String result,
        List<Pattern> failures,
        List<Pattern> ignored,
        Map<String, String> settings) {
    private static final Set<String> COMMON = Set.of("how", "enabled", "result");

    /** The additional keys of each kind of check, as in tmt. */
    private static final Map<String, Set<String>> KNOWN = Map.of(
            "dmesg", Set.of("failure-pattern"),
            "avc", Set.of("test-method", "delay-before-report", "ignore-pattern"),
            "coredump", Set.of("ignore-pattern"),
            "journal", Set.of("failure-pattern", "ignore-pattern", "dmesg", "unit", "identifier", "priority"),
            "watchdog",
                    Set.of(
                            "interval",
                            "reboot",
                            "ping",
                            "ping-packets",
                            "ping-threshold",
                            "ssh-ping",
                            "ssh-ping-threshold"));

    private static final List<Pattern> KERNEL_FAILURES =
            List.of(Pattern.compile("Call Trace:"), Pattern.compile("\\ssegfault\\s"));

    private static final List<Pattern> POLICY_LOADS =
            List.of(Pattern.compile("type=USER_AVC.*received policyload notice"));

    /**
     * Reads a check.
     *
     * @param value the kind of the check, or a mapping
     * @param refusal creates an exception from a description of the expected value
     */
    static TestCheck of(@Nullable Object value, Function<String, RuntimeException> refusal) {
        Map<?, ?> map = value instanceof String how ? Map.of("how", how) : value instanceof Map<?, ?> m ? m : Map.of();
        if (!(map.get("how") instanceof String how && KNOWN.containsKey(how))) {
            throw refusal.apply("the name of a check, a mapping with such a 'how', or a list of these; there are "
                    + String.join(", ", new TreeSet<>(KNOWN.keySet())));
        }
        Set<String> known = KNOWN.getOrDefault(how, Set.of());
        for (Object key : map.keySet()) {
            if (!COMMON.contains(String.valueOf(key)) && !known.contains(String.valueOf(key))) {
                Set<String> all = new TreeSet<>(COMMON);
                all.addAll(known);
                throw refusal.apply(
                        "a check " + how + " with only the keys " + String.join(", ", all) + ", and not " + key);
            }
        }
        Object enabled = map.get("enabled");
        if (enabled != null && !(enabled instanceof Boolean)) {
            throw refusal.apply("a check " + how + " with 'enabled' of true or false");
        }
        Object result = map.get("result");
        if (result != null && !Set.of("respect", "xfail", "info").contains(String.valueOf(result))) {
            throw refusal.apply("a check " + how + " with a 'result' of respect, xfail or info");
        }
        return new TestCheck(
                how,
                !Boolean.FALSE.equals(enabled),
                result == null ? "respect" : String.valueOf(result),
                patterns(map, "failure-pattern", KERNEL_FAILURES, refusal),
                patterns(map, "ignore-pattern", how.equals("avc") ? POLICY_LOADS : List.of(), refusal),
                settings(map));
    }

    private static List<Pattern> patterns(
            Map<?, ?> map, String key, List<Pattern> otherwise, Function<String, RuntimeException> refusal) {
        if (map.get(key) == null) {
            return otherwise;
        }
        List<Pattern> patterns = new ArrayList<>();
        for (Object value : TestKeys.listOf(map.get(key))) {
            try {
                patterns.add(Pattern.compile(String.valueOf(value)));
            } catch (PatternSyntaxException e) {
                throw refusal.apply("a check with regular expressions as '" + key + "', and not " + value);
            }
        }
        return List.copyOf(patterns);
    }

    private static Map<String, String> settings(Map<?, ?> map) {
        Map<String, String> settings = new LinkedHashMap<>();
        map.forEach((key, value) -> {
            if (value != null
                    && !COMMON.contains(String.valueOf(key))
                    && !String.valueOf(key).endsWith("-pattern")) {
                settings.put(String.valueOf(key), String.valueOf(value));
            }
        });
        return settings;
    }
}

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
 * Something that is looked at before and after a test, as an item of its {@code check} key says.
 *
 * @param how what is looked at
 * @param enabled whether it is
 * @param result how what is found counts: {@code respect}, {@code xfail} or {@code info}
 * @param failures what must not be found in a log
 * @param ignored what may be found all the same
 * @param settings the other keys, as text
 */
record TestCheck(
        String how,
        boolean enabled,
        String result,
        List<Pattern> failures,
        List<Pattern> ignored,
        Map<String, String> settings) {
    private static final Set<String> COMMON = Set.of("how", "enabled", "result");

    /** Of each check, the further keys that tmt knows. */
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
     * Reads one.
     *
     * @param value the name of a check, or a mapping
     * @param refusal makes the exception for what it should have been
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
                        "a check " + how + " with no other keys than " + String.join(", ", all) + ", and not " + key);
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

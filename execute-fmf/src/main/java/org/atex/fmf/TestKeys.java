package org.atex.fmf;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.fmf.tree.FmfNode;
import org.jspecify.annotations.Nullable;

/**
 * What a test's metadata say of how it is run again and judged: the keys that {@link FmfTest} has no component for.
 *
 * @param beakerlib whether its {@code framework} is BeakerLib, and not the shell
 * @param result how its result is to be taken; one of {@link #RESULTS}
 * @param checks what is looked at before and after it, in this order
 * @param restartOn the exit codes after which it is started again
 * @param restarts how often at the most
 * @param restartWithReboot whether its system is rebooted before that
 */
record TestKeys(
        boolean beakerlib,
        String result,
        List<TestCheck> checks,
        Set<Integer> restartOn,
        int restarts,
        boolean restartWithReboot) {
    static final Set<String> RESULTS =
            Set.of("respect", "xfail", "pass", "fail", "info", "warn", "error", "skip", "custom", "restraint");

    private static final String RESULT_WORDS =
            "one of respect, xfail, pass, fail, info, warn, error, skip, custom and restraint";

    /**
     * Reads them when a test is chosen.
     *
     * @throws org.atex.fmf.tree.FmfException if a value means nothing; it has file and line
     */
    static TestKeys of(FmfNode node) {
        return new Reader(node.data(), (key, expected) -> node.unexpected(key, expected)).read();
    }

    /**
     * Reads them of a test that was chosen, or made by hand.
     *
     * @throws IllegalArgumentException if a value means nothing
     */
    static TestKeys of(FmfTest test) {
        return new Reader(
                        test.metadata(),
                        (key, expected) -> new IllegalArgumentException("the key '" + key + "' of " + test.name()
                                + " must be " + expected + ", but is "
                                + test.metadata().get(key)))
                .read();
    }

    /** {@return those packages, and what such a test needs beside them} */
    List<String> withOwn(Collection<String> requires) {
        Set<String> all = new LinkedHashSet<>(requires);
        if (beakerlib) {
            all.add("beakerlib");
        }
        return List.copyOf(all);
    }

    /** Makes the exception for a value of a key, which should have been something else. */
    @FunctionalInterface
    interface Refusal {
        RuntimeException of(String key, String expected);
    }

    /** Reads keys. For one thread. */
    private record Reader(Map<String, @Nullable Object> data, Refusal refusal) {
        TestKeys read() {
            return new TestKeys(
                    "beakerlib".equals(word("framework", "shell", Set.of("shell", "beakerlib"), "shell or beakerlib")),
                    word("result", "respect", RESULTS, RESULT_WORDS),
                    checks(),
                    restartOn(),
                    restarts(),
                    flag("restart-with-reboot"));
        }

        private String word(String key, String otherwise, Set<String> known, String expected) {
            Object value = data.get(key);
            if (value == null) {
                return otherwise;
            }
            if (value instanceof String word && known.contains(word)) {
                return word;
            }
            throw refusal.of(key, expected);
        }

        private boolean flag(String key) {
            Object value = data.get(key);
            if (value == null || value instanceof Boolean) {
                return Boolean.TRUE.equals(value);
            }
            throw refusal.of(key, "true or false");
        }

        private Set<Integer> restartOn() {
            Set<Integer> codes = new HashSet<>();
            for (Object value : listOf(data.get("restart-on-exit-code"))) {
                Integer code = integer(value);
                if (code == null || code < 0 || code > 255) {
                    throw refusal.of("restart-on-exit-code", "an exit code from 0 to 255, or a list of such");
                }
                codes.add(code);
            }
            return Set.copyOf(codes);
        }

        private int restarts() {
            Object value = data.get("restart-max-count");
            Integer count = value == null ? Integer.valueOf(1) : integer(value);
            if (count == null || count < 1) {
                throw refusal.of("restart-max-count", "a number of at least 1");
            }
            return count;
        }

        private List<TestCheck> checks() {
            List<TestCheck> checks = new ArrayList<>();
            for (Object value : listOf(data.get("check"))) {
                TestCheck check = TestCheck.of(value, expected -> refusal.of("check", expected));
                if (check.enabled()) {
                    checks.add(check);
                }
            }
            return List.copyOf(checks);
        }
    }

    static List<@Nullable Object> listOf(@Nullable Object value) {
        if (value == null) {
            return List.of();
        }
        return value instanceof List<?> list ? new ArrayList<>(list) : List.of(value);
    }

    static @Nullable Integer integer(@Nullable Object value) {
        if (value instanceof Integer || value instanceof Long || value instanceof String) {
            try {
                return Integer.valueOf(String.valueOf(value).strip());
            } catch (NumberFormatException e) {
                return null;
            }
        }
        return null;
    }
}

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
 * The metadata keys for checks, restarts and the interpretation of the result, for which {@link FmfTest} has no
 * property. Immutable.
 *
 * @param beakerlib whether its {@code framework} is BeakerLib instead of the shell
 * @param result the interpretation of the result, one of {@link #RESULTS}
 * @param checks the checks before and after the test, in this order
 * @param restartOn the exit codes after which the test is started again
 * @param restarts the maximum number of restarts
 * @param restartWithReboot whether the system is rebooted before a restart
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

    private static final String RESULT_VALUES =
            "one of respect, xfail, pass, fail, info, warn, error, skip, custom and restraint";

    /**
     * Reads the keys of a node, when its test is selected.
     *
     * @throws org.atex.fmf.tree.FmfException if a value is invalid; the message has file and line
     */
    static TestKeys of(FmfNode node) {
        return new Reader(node.data(), (key, expected) -> node.unexpected(key, expected)).read();
    }

    /**
     * Reads the keys of a test. The program may have changed its metadata.
     *
     * @throws IllegalArgumentException if a value is invalid
     */
    static TestKeys of(FmfTest test) {
        return new Reader(
                        test.metadata(),
                        (key, expected) -> new IllegalArgumentException("the key '" + key + "' of " + test.name()
                                + " must be " + expected + ", but is "
                                + test.metadata().get(key)))
                .read();
    }

    /** {@return the packages, and those that the framework of the test needs} */
    List<String> withFrameworkPackages(Collection<String> requires) {
        Set<String> all = new LinkedHashSet<>(requires);
        if (beakerlib) {
            all.add("beakerlib");
        }
        return List.copyOf(all);
    }

    /** Creates the exception for an invalid value. */
    @FunctionalInterface
    interface InvalidValue {
        RuntimeException of(String key, String expected);
    }

    /** Reads keys from metadata. */
    private record Reader(Map<String, @Nullable Object> data, InvalidValue invalidValue) {
        TestKeys read() {
            return new TestKeys(
                    "beakerlib".equals(word("framework", "shell", Set.of("shell", "beakerlib"), "shell or beakerlib")),
                    word("result", "respect", RESULTS, RESULT_VALUES),
                    checks(),
                    restartOn(),
                    restarts(),
                    flag("restart-with-reboot"));
        }

        private String word(String key, String defaultValue, Set<String> allowed, String expected) {
            Object value = data.get(key);
            if (value == null) {
                return defaultValue;
            }
            if (value instanceof String word && allowed.contains(word)) {
                return word;
            }
            throw invalidValue.of(key, expected);
        }

        private boolean flag(String key) {
            Object value = data.get(key);
            if (value == null || value instanceof Boolean) {
                return Boolean.TRUE.equals(value);
            }
            throw invalidValue.of(key, "true or false");
        }

        private Set<Integer> restartOn() {
            Set<Integer> codes = new HashSet<>();
            for (Object value : listOf(data.get("restart-on-exit-code"))) {
                Integer code = integer(value);
                if (code == null || code < 0 || code > 255) {
                    throw invalidValue.of(
                            "restart-on-exit-code", "an exit code from 0 to 255, or a list of exit codes");
                }
                codes.add(code);
            }
            return Set.copyOf(codes);
        }

        private int restarts() {
            Object value = data.get("restart-max-count");
            Integer count = value == null ? Integer.valueOf(1) : integer(value);
            if (count == null || count < 1) {
                throw invalidValue.of("restart-max-count", "a number of at least 1");
            }
            return count;
        }

        private List<TestCheck> checks() {
            List<TestCheck> checks = new ArrayList<>();
            for (Object value : listOf(data.get("check"))) {
                TestCheck check = TestCheck.of(value, expected -> invalidValue.of("check", expected));
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

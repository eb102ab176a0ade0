package org.atex.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * What some of the systems of a {@link MultihostTest} do: a test that runs on each of them.
 *
 * <p>Thread safety: immutable if the test is, which {@link TestCase} demands.
 *
 * @param name the name of the role, such as {@code server}: at most 64 letters, digits, {@code .}, {@code _} and {@code -}
 * @param count the number of systems, at least 1
 * @param test the test; its needs, locks and limits are those of each system
 */
public record Role(String name, int count, TestCase test) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    /**
     * Checks the name and the count.
     *
     * @throws IllegalArgumentException if the name has other characters, the count is less than 1, or the test is itself
     *     a {@link MultihostTest}
     */
    public Role {
        Objects.requireNonNull(test, "the test of a role");
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("the name of a role consists of at most 64 letters, digits, '.', '_' and"
                    + " '-', and begins with a letter or digit, but it is \"" + name + "\"");
        }
        if (count < 1) {
            throw new IllegalArgumentException("the role " + name + " needs at least one system, not " + count);
        }
        if (test.unwrap(MultihostTest.class).isPresent()) {
            throw new IllegalArgumentException("the test of the role " + name
                    + " runs on several systems itself: add its" + " roles to the outer test");
        }
    }

    /**
     * {@return the names of its systems} The name of the role if it has one system; otherwise that with a number, such
     * as {@code client-1}.
     */
    public List<String> guests() {
        if (count == 1) {
            return List.of(name);
        }
        List<String> guests = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            guests.add(name + "-" + i);
        }
        return List.copyOf(guests);
    }
}

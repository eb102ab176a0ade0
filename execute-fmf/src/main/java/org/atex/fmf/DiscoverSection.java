package org.atex.fmf;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One section of a plan's {@code discover}, or what stands for it without a plan.
 *
 * @param name what tells it from other sections
 * @param order lower goes first
 * @param enabled whether the context of the plan is one that it is for
 * @param source where its tree is; null for the tree of the discovery
 * @param tests what it chooses or says
 * @param required names of tests that must be among them
 */
record DiscoverSection(
        String name, long order, boolean enabled, @Nullable TreeSource source, Tests tests, List<String> required) {
    static final long DEFAULT_ORDER = 50;

    /** All tests of the tree itself. */
    static final DiscoverSection ALL =
            new DiscoverSection("default-0", DEFAULT_ORDER, true, null, Choice.ALL, List.of());

    /** Where tests come from. */
    sealed interface Tests {}

    /**
     * Tests that are written in the plan.
     *
     * @param section where
     * @param tests each of them
     */
    record Written(Section section, List<Map<String, @Nullable Object>> tests) implements Tests {
        @Override
        public String toString() {
            return "the plan's own tests";
        }
    }

    /**
     * Tests of a tree.
     *
     * @param names which, in this order; all if there are none
     * @param includes patterns one of which must be in the name, if there are any
     * @param excludes patterns none of which may be in the name
     * @param filters filters that must all hold
     * @param links links one of which a test must have, if there are any
     * @param adjustments rules for all of them
     * @param modified which of them have changed; null for all
     */
    record Choice(
            List<Named> names,
            List<String> includes,
            List<String> excludes,
            List<String> filters,
            List<String> links,
            List<Map<String, @Nullable Object>> adjustments,
            @Nullable Modified modified)
            implements Tests {
        static final Choice ALL = new Choice(List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), null);

        @Override
        public String toString() {
            return "names " + names + part("includes", includes) + ", filters " + filters + ", excludes " + excludes
                    + part("links", links) + (modified == null ? "" : ", " + modified);
        }

        private static String part(String what, List<String> list) {
            return list.isEmpty() ? "" : ", " + what + " " + list;
        }
    }

    /**
     * Asks for tests by name.
     *
     * @param pattern a regular expression that is searched for
     * @param rule what is changed in them, as a rule of {@code adjust}; empty for nothing
     */
    record Named(String pattern, Map<String, @Nullable Object> rule) {
        @Override
        public String toString() {
            return pattern;
        }
    }

    /**
     * Asks for tests that have changed.
     *
     * @param url another repository that has the state to compare with, or null
     * @param ref that state, or null for the default branch
     */
    record Modified(@Nullable String url, @Nullable String ref) {
        @Override
        public String toString() {
            return "modified since " + (ref == null ? "the default branch" : ref);
        }
    }
}

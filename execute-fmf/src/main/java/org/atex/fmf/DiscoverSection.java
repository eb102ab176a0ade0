package org.atex.fmf;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A section of a plan's {@code discover}. Without a plan, {@link #ALL} stands for it.
 *
 * @param name the name, unique within the plan
 * @param order the position among the sections; lower ones come first
 * @param enabled whether its {@code when} rules hold in the context of the plan
 * @param source the tree of its tests; null for the tree of the discovery
 * @param tests the tests that it selects or defines
 * @param required the names of tests that must be among them
 */
record DiscoverSection(
        String name, long order, boolean enabled, @Nullable TreeSource source, Tests tests, List<String> required) {
    static final long DEFAULT_ORDER = 50;

    /** The section that selects all tests of the discovery's own tree. */
    static final DiscoverSection ALL =
            new DiscoverSection("default-0", DEFAULT_ORDER, true, null, Choice.ALL, List.of());

    /** The origin of the tests of a section. */
    sealed interface Tests {}

    /**
     * Tests that are defined in the plan itself.
     *
     * @param section the section that has them, for error messages
     * @param tests the metadata of each test
     */
    record Inline(Section section, List<Map<String, @Nullable Object>> tests) implements Tests {
        @Override
        public String toString() {
            return "the plan's own tests";
        }
    }

    /**
     * A selection of tests of a tree. An empty list of a criterion selects all tests.
     *
     * @param names the names, in the order in which their tests run
     * @param includes patterns, one of which must be found in the name
     * @param excludes patterns, none of which may be found in the name
     * @param filters filters that must all hold
     * @param links links, one of which the test must have
     * @param adjustments rules that are applied to all tests, after their own
     * @param modified restricts the selection to changed tests; null for no restriction
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
            String described = ListValues.described(
                    "names", names, "includes", includes, "filters", filters, "excludes", excludes, "links", links);
            return modified == null ? described : described + (described.isEmpty() ? "" : ", ") + modified;
        }
    }

    /**
     * Selects tests by name.
     *
     * @param pattern a regular expression that is searched for in names
     * @param rule a rule of {@code adjust} for these tests; empty for none
     */
    record Named(String pattern, Map<String, @Nullable Object> rule) {
        @Override
        public String toString() {
            return pattern;
        }
    }

    /**
     * Selects tests that have changed since a state of the repository.
     *
     * @param url another repository that has the state, or null
     * @param ref the state, or null for the default branch
     */
    record Modified(@Nullable String url, @Nullable String ref) {
        @Override
        public String toString() {
            return "modified since " + (ref == null ? "the default branch" : ref);
        }
    }
}

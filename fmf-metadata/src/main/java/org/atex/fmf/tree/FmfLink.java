package org.atex.fmf.tree;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * An entry of the key {@code link} of a node.
 *
 * @param relation the relation of the node to the target, such as {@code verifies}
 * @param target a URL or the name of a node; empty for an fmf identifier without a name
 */
record FmfLink(String relation, String target) {
    private static final String DEFAULT_RELATION = "relates";

    private static final Set<String> RELATIONS = Set.of(
            "verifies",
            "verified-by",
            "implements",
            "implemented-by",
            "documents",
            "documented-by",
            "blocks",
            "blocked-by",
            "duplicates",
            "duplicated-by",
            "parent",
            "child",
            "relates",
            "test-script");

    /** Keys that are not relations: the parts of an fmf identifier, and the note on a link. */
    private static final Set<String> NO_RELATION = Set.of("url", "ref", "path", "name", "note");

    /** {@return a test for nodes with a matching link; see {@link FmfQuery#link}} */
    static Predicate<FmfNode> query(String relationAndTarget) {
        int colon = relationAndTarget.indexOf(':');
        var relation = PyRegex.compile(colon < 0 ? "" : relationAndTarget.substring(0, colon));
        var target = PyRegex.compile(relationAndTarget.substring(colon + 1));
        return node -> {
            var links = node.data().get("link");
            return (links instanceof List<?> list ? list : links == null ? List.of() : List.of(links))
                    .stream()
                            .map(FmfLink::of)
                            .anyMatch(link -> link != null
                                    && relation.find(link.relation)
                                    && !link.target.isEmpty()
                                    && target.find(link.target));
        };
    }

    /** {@return the link, or null if the value is not a link} */
    private static @Nullable FmfLink of(@Nullable Object written) {
        if (written instanceof String text) {
            int colon = text.indexOf(':');
            return colon > 0 && RELATIONS.contains(text.substring(0, colon))
                    ? new FmfLink(text.substring(0, colon), text.substring(colon + 1))
                    : new FmfLink(DEFAULT_RELATION, text);
        }
        if (!(written instanceof Map<?, ?> map)) {
            return null;
        }
        for (var entry : map.entrySet()) {
            if (entry.getKey() instanceof String relation && !NO_RELATION.contains(relation)) {
                return new FmfLink(relation, target(entry.getValue()));
            }
        }
        return new FmfLink(DEFAULT_RELATION, target(map));
    }

    private static String target(@Nullable Object target) {
        if (target instanceof Map<?, ?> identifier) {
            return identifier.get("name") instanceof String name ? name : "";
        }
        return target instanceof String text ? text : "";
    }
}

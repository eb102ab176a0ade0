package org.atex.fmf;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfQuery;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;

/** Reads the part of tmt's plan format that is used here. */
final class PlanReader {
    private static final List<String> KNOWN =
            List.of("how", "name", "url", "ref", "path", "test", "filter", "exclude", "summary", "order");
    private static final Pattern NAME = Pattern.compile("(?!\\.\\.?$)[^/]+");

    private final FmfNode node;

    private PlanReader(FmfNode node) {
        this.node = node;
    }

    /** Reports keys that are nearly those of plans, which would be ignored without a word. */
    void check(KeyCheck keys) {
        keys.node(node);
    }

    static PlanReader of(FmfTree tree, String name) {
        FmfNode node = tree.find(name).orElse(null);
        if (node == null) {
            List<String> plans = tree.prune(FmfQuery.all().where(PlanReader::isPlan)).stream()
                    .map(FmfNode::name)
                    .toList();
            throw new FmfException(
                    FmfException.Kind.REFERENCE,
                    "there is no plan " + name + " in "
                            + tree.directory().map(Object::toString).orElse("the tree")
                            + (plans.isEmpty() ? ", nor any other" : "; there are " + String.join(", ", plans)),
                    null);
        }
        if (node.has("test")) {
            throw new FmfException(
                    FmfException.Kind.REFERENCE,
                    name + " is a test and not a plan (" + node.sources() + "): choose it by its name instead",
                    null);
        }
        return new PlanReader(node);
    }

    private static boolean isPlan(FmfNode node) {
        return !node.has("test") && (node.has("execute") || node.has("discover"));
    }

    FmfPlan plan(FmfContext context) {
        StepReader steps = new StepReader(node, context);
        steps.checkCleanup();
        return new FmfPlan(node.name(), node.textMap("environment"), steps.prepare(), steps.finish());
    }

    /** {@return where its tests come from, at least one section} */
    List<DiscoverSection> sections() {
        List<DiscoverSection> sections = new ArrayList<>();
        Set<String> names = new HashSet<>();
        List<Map<?, ?>> written = sections("discover");
        for (Map<?, ?> section : written) {
            for (Object key : section.keySet()) {
                if (!(key instanceof String word && KNOWN.contains(word))) {
                    throw node.unexpected("discover", "no more than " + KNOWN + ", but not " + key);
                }
            }
            requireHow("discover", section, "fmf", "");
            String name = Objects.requireNonNullElse(text(section, "name"), "");
            if (written.size() > 1 && !(NAME.matcher(name).matches() && names.add(name))) {
                throw node.unexpected(
                        "discover", "several sections, each with a name of its own that can be a directory's");
            }
            sections.add(new DiscoverSection(
                    name,
                    text(section, "url"),
                    text(section, "ref"),
                    text(section, "path"),
                    new DiscoverSection.Wanted(
                            texts("discover", section, "test"),
                            texts("discover", section, "filter"),
                            texts("discover", section, "exclude"),
                            unused -> true)));
        }
        return sections.isEmpty() ? List.of(DiscoverSection.ALL) : sections;
    }

    private @Nullable String text(Map<?, ?> section, String key) {
        Object value = section.get(key);
        if (value instanceof Map || value instanceof List) {
            throw node.unexpected("discover", "a text for '" + key + "'");
        }
        return value == null ? null : value.toString(); // a ref such as 1.0
    }

    private void requireHow(String step, Map<?, ?> section, String known, String orElse) {
        Object how = section.get("how");
        if (how != null && !how.equals(known)) {
            throw node.unexpected(step, "sections with 'how: " + known + "'" + orElse + ", not 'how: " + how + "'");
        }
    }

    private List<Map<?, ?>> sections(String step) {
        Object value = node.data().get(step);
        if (value == null) {
            return List.of();
        }
        List<?> list = value instanceof List<?> many ? many : List.of(value);
        List<Map<?, ?>> sections = new ArrayList<>();
        for (Object section : list) {
            if (!(section instanceof Map<?, ?> map)) {
                throw node.unexpected(step, "a section, or a list of sections");
            }
            sections.add(map);
        }
        return sections;
    }

    private List<String> texts(String step, Map<?, ?> section, String key) {
        Object value = section.get(key);
        if (value == null) {
            return List.of();
        }
        List<?> list = value instanceof List<?> many ? many : List.of(value);
        List<String> texts = new ArrayList<>();
        for (Object text : list) {
            if (!(text instanceof String word)) {
                throw node.unexpected(step, "a text or a list of texts for '" + key + "'");
            }
            texts.add(word);
        }
        return texts;
    }
}

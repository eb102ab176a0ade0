package org.atex.fmf;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfQuery;
import org.atex.fmf.tree.FmfTree;

/** Reads the part of tmt's plan format that is used here. */
final class PlanReader {
    private final FmfNode node;

    private PlanReader(FmfNode node) {
        this.node = node;
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

    FmfPlan plan() {
        return new FmfPlan(node.name(), node.textMap("environment"), scripts("prepare"), scripts("finish"));
    }

    /** Adds what the plan asks for to what the user does. */
    FmfDiscovery addTo(FmfDiscovery discovery) {
        List<Map<?, ?>> sections = sections("discover");
        if (sections.size() > 1) {
            throw node.unexpected("discover", "one section");
        }
        FmfDiscovery all = discovery;
        for (Map<?, ?> section : sections) {
            for (Object key : section.keySet()) {
                if (!List.of("how", "name", "test", "filter", "exclude", "summary", "order")
                        .contains(key)) {
                    throw node.unexpected(
                            "discover", "no more than how, name, test, filter and exclude, but not " + key);
                }
            }
            requireHow("discover", section, "fmf");
            for (String name : texts("discover", section, "test")) {
                all = all.name(name);
            }
            for (String filter : texts("discover", section, "filter")) {
                all = all.filter(filter);
            }
            for (String exclude : texts("discover", section, "exclude")) {
                all = all.exclude(exclude);
            }
        }
        return all;
    }

    private List<String> scripts(String step) {
        List<String> scripts = new ArrayList<>();
        for (Map<?, ?> section : sections(step)) {
            requireHow(step, section, "shell");
            scripts.addAll(texts(step, section, "script"));
        }
        return scripts;
    }

    private void requireHow(String step, Map<?, ?> section, String known) {
        Object how = section.get("how");
        if (how != null && !how.equals(known)) {
            throw node.unexpected(step, "sections with 'how: " + known + "', not 'how: " + how + "'");
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

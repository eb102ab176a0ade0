package org.atex.fmf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atex.fmf.FmfKey.Fate;
import org.atex.fmf.tree.FmfException;
import org.jspecify.annotations.Nullable;

/**
 * A mapping inside a plan, read with errors that name the plan, file and line, and the key. Immutable.
 *
 * @param plan the plan
 * @param step the key of the plan that it is below
 * @param data what is written
 */
record Section(FoundPlan plan, String step, Map<?, ?> data) {
    /** {@return the sections of a step, as they are written but for variables; a single one is as good as a list} */
    static List<Map<?, ?>> list(FoundPlan plan, String step, Expansion expansion) {
        Object value = expansion.inside(plan.node().data().get(step));
        List<Map<?, ?>> sections = new ArrayList<>();
        for (Object section : value == null ? List.of() : Lists.like(value)) {
            if (!(section instanceof Map<?, ?> map)) {
                throw plan.wrong(step, "it has to be a section, or a list of sections, not " + section);
            }
            sections.add(map);
        }
        return sections;
    }

    FmfException wrong(String what) {
        boolean named = data.get("name") instanceof String;
        return plan.wrong(step, (named ? "section '" + data.get("name") + "': " : "") + what);
    }

    /** {@return the same without {@code where}, if that names the only kind of system that the plan has} */
    Section onlySystem() {
        List<String> where = texts("where");
        Object provision = plan.node().data().get("provision");
        List<?> systems = provision == null ? List.of(Map.of()) : Lists.like(provision);
        if (where.isEmpty() || systems.size() != 1 || !(systems.getFirst() instanceof Map<?, ?> system)) {
            return this;
        }
        Object name = system.get("name") == null ? "default-0" : system.get("name");
        if (!where.contains(String.valueOf(name)) && !where.contains(String.valueOf(system.get("role")))) {
            return this;
        }
        Map<Object, @Nullable Object> others = new LinkedHashMap<>(data);
        others.remove("where");
        return new Section(plan, step, others);
    }

    /** Refuses keys that are unknown, or that cannot be honoured and are used. */
    void requireKeys(FmfKey.Where where) {
        for (Map.Entry<?, ?> entry : data.entrySet()) {
            String key = String.valueOf(entry.getKey());
            FmfKey known = FmfKey.find(where, key);
            if (known == null && !(key.startsWith("extra-") && FmfKey.find(where, "extra-*") != null)) {
                String meant = KeyCheck.nearest(key, FmfKey.names(where));
                throw wrong("there is no key '" + key + "' in " + where
                        + (meant == null
                                ? ", only " + String.join(", ", FmfKey.names(where))
                                : ": did you mean '" + meant + "'?"));
            }
            if (known != null && known.fate() == Fate.REFUSED && isUsed(entry.getValue())) {
                FmfKey because = known.words().startsWith("see `dist-git-source`")
                        ? Objects.requireNonNull(FmfKey.find(where, "dist-git-source"))
                        : known;
                throw wrong("'" + key + ": " + entry.getValue() + "' cannot be had here: "
                        + because.words().replace("`", ""));
            }
        }
    }

    /** Every key may be there with the value that it has by default. */
    private static boolean isUsed(@Nullable Object value) {
        return value != null
                && !value.equals(false)
                && !value.equals("")
                && !value.equals("git")
                && !(value instanceof List<?> list && list.isEmpty());
    }

    @Nullable
    String text(String key) {
        Object value = data.get(key);
        if (value instanceof Map || value instanceof List) {
            throw wrong("'" + key + "' has to be a text, not " + value);
        }
        return value == null ? null : value.toString(); // a ref such as 1.0
    }

    List<String> texts(String key) {
        Object value = data.get(key);
        if (value == null) {
            return List.of();
        }
        List<String> texts = new ArrayList<>();
        for (Object text : Lists.like(value)) {
            if (!(text instanceof String word)) {
                throw wrong("'" + key + "' has to be a text or a list of texts, not " + text);
            }
            texts.add(word);
        }
        return texts;
    }

    boolean flag(String key, boolean otherwise) {
        Object value = data.get(key);
        if (value != null && !(value instanceof Boolean)) {
            throw wrong("'" + key + "' has to be true or false, not " + value);
        }
        return value == null ? otherwise : (Boolean) value;
    }

    long number(String key, long otherwise) {
        Object value = data.get(key);
        if (value instanceof Long number) {
            return number;
        }
        if (value instanceof String text && text.strip().matches("-?[0-9]{1,9}")) {
            return Long.parseLong(text.strip());
        }
        if (value != null) {
            throw wrong("'" + key + "' has to be a number, not " + value);
        }
        return otherwise;
    }

    /** {@return one of some words, the first by default} */
    String oneOf(String key, String... words) {
        String word = Objects.requireNonNullElse(text(key), words[0]);
        if (!Arrays.asList(words).contains(word)) {
            throw wrong("'" + key + "' has to be one of " + String.join(", ", words) + ", not " + word);
        }
        return word;
    }

    /** {@return rules such as {@code adjust} has} */
    List<Map<String, @Nullable Object>> rules(String key) {
        Object value = data.get(key);
        List<Map<String, @Nullable Object>> rules = new ArrayList<>();
        for (Object rule : value == null ? List.of() : Lists.like(value)) {
            rules.add(rule(key, rule));
        }
        return rules;
    }

    @SuppressWarnings("unchecked")
    Map<String, @Nullable Object> rule(String key, @Nullable Object rule) {
        if (!(rule instanceof Map<?, ?> map) || !map.keySet().stream().allMatch(String.class::isInstance)) {
            throw wrong("'" + key + "' has to be a rule or a list of rules, not " + rule);
        }
        return (Map<String, @Nullable Object>) map;
    }
}

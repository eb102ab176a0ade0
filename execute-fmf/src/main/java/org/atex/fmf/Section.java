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
 * A mapping in a plan, with typed access to its keys. Errors name the plan, file and line, and the key. Immutable.
 *
 * @param plan the plan
 * @param step the key of the plan that has the mapping
 * @param data the keys and values as written
 */
record Section(FoundPlan plan, String step, Map<?, ?> data) {
    /**
     * {@return the sections of a step, in which variables are expanded} A single section may be written without a list.
     */
    static List<Map<?, ?>> list(FoundPlan plan, String step, Expansion expansion) {
        Object value = expansion.inside(plan.node().data().get(step));
        List<Map<?, ?>> sections = new ArrayList<>();
        for (Object section : value == null ? List.of() : ListValues.asList(value)) {
            if (!(section instanceof Map<?, ?> map)) {
                throw plan.wrong(step, "it must be a section or a list of sections, but is " + section);
            }
            sections.add(map);
        }
        return sections;
    }

    /** {@return an error that names the section} */
    FmfException wrong(String reason) {
        boolean named = data.get("name") instanceof String;
        return plan.wrong(step, (named ? "section '" + data.get("name") + "': " : "") + reason);
    }

    /**
     * {@return this section without {@code where} if that names the only system of the plan; otherwise this section}
     */
    Section onlySystem() {
        List<String> where = texts("where");
        Object provision = plan.node().data().get("provision");
        List<?> systems = provision == null ? List.of(Map.of()) : ListValues.asList(provision);
        if (where.isEmpty() || systems.size() != 1 || !(systems.getFirst() instanceof Map<?, ?> system)) {
            return this;
        }
        // The name that tmt gives to the first guest without a name.
        Object name = system.get("name") == null ? "default-0" : system.get("name");
        if (!where.contains(String.valueOf(name)) && !where.contains(String.valueOf(system.get("role")))) {
            return this;
        }
        Map<Object, @Nullable Object> others = new LinkedHashMap<>(data);
        others.remove("where");
        return new Section(plan, step, others);
    }

    /**
     * Checks that all keys are known and supported.
     *
     * @throws FmfException if a key is unknown, or not supported and its value is not the default
     */
    void requireKeys(FmfKey.Where where) {
        for (Map.Entry<?, ?> entry : data.entrySet()) {
            String key = String.valueOf(entry.getKey());
            FmfKey known = FmfKey.find(where, key);
            if (known == null && !(key.startsWith("extra-") && FmfKey.find(where, "extra-*") != null)) {
                String suggestion = KeyCheck.nearest(key, FmfKey.names(where));
                throw wrong("unknown key '" + key + "' in " + where
                        + (suggestion == null
                                ? "; known keys are " + String.join(", ", FmfKey.names(where))
                                : ": did you mean '" + suggestion + "'?"));
            }
            if (known != null && known.fate() == Fate.REFUSED && isUsed(entry.getValue())) {
                FmfKey refusal = known.words().startsWith("see `dist-git-source`")
                        ? Objects.requireNonNull(FmfKey.find(where, "dist-git-source"))
                        : known;
                throw wrong("'" + key + ": " + entry.getValue() + "' is not supported: "
                        + refusal.words().replace("`", ""));
            }
        }
    }

    /** {@return whether a key has an effect} Keys that are not supported may have their default values. */
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
            throw wrong("'" + key + "' must be a text, but is " + value);
        }
        return value == null ? null : value.toString(); // YAML reads an unquoted ref such as 1.0 as a number.
    }

    List<String> texts(String key) {
        Object value = data.get(key);
        if (value == null) {
            return List.of();
        }
        List<String> texts = new ArrayList<>();
        for (Object text : ListValues.asList(value)) {
            if (!(text instanceof String word)) {
                throw wrong("'" + key + "' must be a text or a list of texts, but has " + text);
            }
            texts.add(word);
        }
        return texts;
    }

    boolean flag(String key, boolean defaultValue) {
        Object value = data.get(key);
        if (value != null && !(value instanceof Boolean)) {
            throw wrong("'" + key + "' must be true or false, but is " + value);
        }
        return value == null ? defaultValue : (Boolean) value;
    }

    long number(String key, long defaultValue) {
        Object value = data.get(key);
        if (value instanceof Long number) {
            return number;
        }
        if (value instanceof String text && text.strip().matches("-?[0-9]{1,9}")) {
            return Long.parseLong(text.strip());
        }
        if (value != null) {
            throw wrong("'" + key + "' must be a number, but is " + value);
        }
        return defaultValue;
    }

    /** {@return the value of a key, which must be one of some values; the first of them is the default} */
    String oneOf(String key, String... values) {
        String value = Objects.requireNonNullElse(text(key), values[0]);
        if (!Arrays.asList(values).contains(value)) {
            throw wrong("'" + key + "' must be one of " + String.join(", ", values) + ", but is " + value);
        }
        return value;
    }

    /** {@return rules in the format of {@code adjust}} */
    List<Map<String, @Nullable Object>> rules(String key) {
        Object value = data.get(key);
        List<Map<String, @Nullable Object>> rules = new ArrayList<>();
        for (Object rule : value == null ? List.of() : ListValues.asList(value)) {
            rules.add(rule(key, rule));
        }
        return rules;
    }

    @SuppressWarnings("unchecked")
    Map<String, @Nullable Object> rule(String key, @Nullable Object rule) {
        if (!(rule instanceof Map<?, ?> map) || !map.keySet().stream().allMatch(String.class::isInstance)) {
            throw wrong("'" + key + "' must be a rule or a list of rules, but has " + rule);
        }
        return (Map<String, @Nullable Object>) map;
    }
}

package org.atex.fmf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.fmf.DiscoverSection.Choice;
import org.atex.fmf.DiscoverSection.Inline;
import org.atex.fmf.DiscoverSection.Modified;
import org.atex.fmf.DiscoverSection.Named;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfContext.Decision;
import org.atex.fmf.tree.FmfException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the sources of a plan's tests: the sections of its {@code discover}, or the scripts of its {@code execute}. For
 * one thread.
 */
final class DiscoverReader {
    private static final String STEP = "discover";

    private final FoundPlan plan;
    private final DiscoverySettings settings;
    private final FmfContext context;
    private final Expansion expansion;
    private final Section execute;

    DiscoverReader(FoundPlan plan, DiscoverySettings settings, PlanContext planContext, Section execute) {
        this.plan = plan;
        this.settings = settings;
        this.context = planContext.context();
        this.expansion = planContext.expansion();
        this.execute = execute;
    }

    /** {@return the sections, sorted by their order; at least one} */
    List<DiscoverSection> sections() {
        List<String> scripts = execute.texts("script");
        List<Map<?, ?>> sectionData = Section.list(plan, STEP, expansion);
        if (!scripts.isEmpty()) {
            if (!sectionData.isEmpty() && !sectionData.equals(List.of(Map.of("how", "shell")))) {
                throw execute.wrong("'script' is only for plans without tests in 'discover': remove one of them");
            }
            return List.of(ofScripts(scripts));
        }
        if (sectionData.isEmpty()) {
            if (isTmtPlan()) {
                throw noDiscover();
            }
            return List.of(DiscoverSection.ALL);
        }
        SectionNames sectionNames = new SectionNames(sectionData);
        return sectionData.stream()
                .map(data -> section(new Section(plan, STEP, data).onlySystem(), sectionNames))
                .sorted(Comparator.comparingLong(DiscoverSection::order))
                .toList();
    }

    private FmfException noDiscover() {
        String misspelled = plan.node().data().keySet().stream()
                .filter(key -> KeyCheck.nearest(key, Set.of(STEP)) != null)
                .findFirst()
                .orElse(null);
        String remedy = misspelled == null
                ? "add 'discover: {how: fmf}' to run all tests of its tree"
                : "it has the key '" + misspelled + "', did you mean '" + STEP + "'?";
        return new FmfException(
                FmfException.Kind.GENERAL,
                plan.node().place(misspelled == null ? "execute" : misspelled) + "the plan " + plan.name()
                        + " has no tests, as it has no discover: " + remedy,
                null);
    }

    /** {@return whether tmt regards the node as a plan} Other plans exist only here. */
    private boolean isTmtPlan() {
        return plan.node().has("execute") || plan.node().has("plan");
    }

    /**
     * Gives names to sections that have none, as tmt does: {@code default-0}, {@code default-1} and so on. For one
     * thread.
     */
    private static final class SectionNames {
        private final Set<Object> writtenNames = new HashSet<>();
        private final Set<String> givenNames = new HashSet<>();

        SectionNames(List<Map<?, ?>> sections) {
            sections.forEach(section -> writtenNames.add(String.valueOf(section.get("name"))));
        }

        String of(Section section) {
            String name = section.text("name");
            for (int i = 0; name == null; i++) {
                // A section may be called default-0 explicitly, so that the next free number is searched for.
                name = writtenNames.add("default-" + i) ? "default-" + i : null;
            }
            if (name.isBlank() || !givenNames.add(name)) {
                throw section.wrong("two sections have the name '" + name + "'");
            }
            return name;
        }
    }

    private DiscoverSection section(Section section, SectionNames sectionNames) {
        boolean shell = isShell(section);
        section.requireKeys(shell ? FmfKey.Where.DISCOVER_SHELL : FmfKey.Where.DISCOVER_FMF);
        TreeSource source = new TreeSource(plan, section, settings);
        return new DiscoverSection(
                sectionNames.of(section),
                section.number("order", DiscoverSection.DEFAULT_ORDER),
                appliesTo(section.texts("when")),
                source,
                shell ? inlineTests(section) : choice(section, source),
                section.texts("require-test"));
    }

    private boolean isShell(Section section) {
        String how = section.text("how");
        if (how == null) {
            if (isTmtPlan() && !section.data().containsKey("tests")) {
                throw section.wrong("'how' is missing, and tmt would choose no tests: add 'how: fmf' or 'how: shell'");
            }
            return section.data().containsKey("tests");
        }
        if (!how.equals("fmf") && !how.equals("shell")) {
            throw section.wrong("unknown 'how: " + how + "': use 'how: fmf' or 'how: shell'");
        }
        return how.equals("shell");
    }

    /** {@return whether one of the rules holds in the context; true if there are none} */
    private boolean appliesTo(List<String> rules) {
        return rules.isEmpty() || rules.stream().anyMatch(rule -> context.decide(rule) == Decision.TRUE);
    }

    private Choice choice(Section section, TreeSource source) {
        return new Choice(
                namedTests(section),
                section.texts("include"),
                section.texts("exclude"),
                section.texts("filter"),
                section.texts("link"),
                section.rules("adjust-tests"),
                modified(section, source));
    }

    private @Nullable Modified modified(Section section, TreeSource source) {
        String url = section.text("modified-url");
        String ref = section.text("modified-ref");
        if (!section.flag("modified-only", false)) {
            return null;
        }
        if (source.isRemote()) {
            throw section.wrong(
                    "'modified-only' needs the history of the repository, and a fetched tree has none: remove 'url'");
        }
        if (url != null) {
            settings.trust().requireUrl(plan.node().place(STEP) + "the plan " + plan.name() + ", modified-url,", url);
        }
        if (ref != null) {
            Trust.requireRef(plan.node().place(STEP) + "the plan " + plan.name() + ", modified-ref,", ref);
        }
        return new Modified(url, ref);
    }

    private static List<Named> namedTests(Section section) {
        Object value = section.data().get("test");
        List<Named> tests = new ArrayList<>();
        for (Object test : value == null ? List.of() : ListValues.asList(value)) {
            if (test instanceof String pattern) {
                tests.add(new Named(pattern, Map.of()));
            } else if (test instanceof Map<?, ?> map && map.get("name") instanceof String pattern) {
                Map<String, @Nullable Object> rule = new LinkedHashMap<>(section.rule("test", map));
                rule.remove("name");
                tests.add(new Named(pattern, rule));
            } else {
                throw section.wrong("'test' must be a text, a mapping with a name, or a list of these, but is " + test);
            }
        }
        return tests;
    }

    private static Inline inlineTests(Section section) {
        List<Map<String, @Nullable Object>> tests = new ArrayList<>();
        Object value = section.data().get("tests");
        if (value != null && !(value instanceof List)) {
            throw section.wrong("'tests' must be a list of mappings, but is " + value);
        }
        for (Object test : value == null ? List.of() : (List<?>) value) {
            Map<String, @Nullable Object> data = section.rule("tests", test);
            new Section(section.plan(), STEP, data).requireKeys(FmfKey.Where.SHELL_TEST);
            tests.add(data);
        }
        return new Inline(section, tests);
    }

    private DiscoverSection ofScripts(List<String> scripts) {
        List<Map<String, @Nullable Object>> tests = new ArrayList<>();
        Object duration = execute.data().get("duration");
        for (String script : scripts) {
            Map<String, @Nullable Object> test = new LinkedHashMap<>();
            // The same names as in tmt, so that results can be compared.
            test.put("name", "script-%02d".formatted(tests.size()));
            test.put("test", script);
            if (duration != null) {
                test.put("duration", duration);
            }
            tests.add(test);
        }
        return new DiscoverSection(
                DiscoverSection.ALL.name(),
                DiscoverSection.DEFAULT_ORDER,
                true,
                null,
                new Inline(execute, tests),
                List.of());
    }
}

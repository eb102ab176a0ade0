package org.atex.fmf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.fmf.DiscoverSection.Choice;
import org.atex.fmf.DiscoverSection.Modified;
import org.atex.fmf.DiscoverSection.Named;
import org.atex.fmf.DiscoverSection.Written;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfContext.Decision;
import org.atex.fmf.tree.FmfException;
import org.jspecify.annotations.Nullable;

/** Reads where the tests of a plan come from: its {@code discover}, or the scripts of its {@code execute}. For one thread. */
final class DiscoverReader {
    private static final String STEP = "discover";

    private final FoundPlan plan;
    private final Settings settings;
    private final FmfContext context;
    private final Expansion expansion;
    private final Section execute;

    DiscoverReader(FoundPlan plan, Settings settings, PlanContext known, Section execute) {
        this.plan = plan;
        this.settings = settings;
        this.context = known.context();
        this.expansion = known.expansion();
        this.execute = execute;
    }

    /** {@return at least one section, in their order} */
    List<DiscoverSection> sections() {
        List<String> scripts = execute.texts("script");
        List<Map<?, ?>> written = Section.list(plan, STEP, expansion);
        if (!scripts.isEmpty()) {
            if (!written.isEmpty() && !written.equals(List.of(Map.of("how", "shell")))) {
                throw execute.wrong("'script' has the tests of a plan whose discover has none: leave one of them out");
            }
            return List.of(scripts(scripts));
        }
        if (written.isEmpty()) {
            if (isOfTmt()) {
                throw new FmfException(
                        FmfException.Kind.GENERAL,
                        plan.node().place("execute") + "the plan " + plan.name()
                                + " has no tests, as it has no discover: add 'discover: {how: fmf}' for all tests of its tree",
                        null);
            }
            return List.of(DiscoverSection.ALL);
        }
        Names names = new Names(written);
        return written.stream()
                .map(data -> section(new Section(plan, STEP, data).onlySystem(), names))
                .sorted(Comparator.comparingLong(DiscoverSection::order))
                .toList();
    }

    /** {@return whether tmt takes it for a plan; others are those of ATEX} */
    private boolean isOfTmt() {
        return plan.node().has("execute") || plan.node().has("plan");
    }

    /** Gives sections names that have none. */
    private static final class Names {
        private final Set<Object> taken = new HashSet<>();
        private final Set<String> used = new HashSet<>();

        Names(List<Map<?, ?>> sections) {
            sections.forEach(section -> taken.add(String.valueOf(section.get("name"))));
        }

        String of(Section section) {
            String name = section.text("name");
            for (int i = 0; name == null; i++) {
                name = taken.add("default-" + i) ? "default-" + i : null;
            }
            if (name.isBlank() || !used.add(name)) {
                throw section.wrong("two sections have the name '" + name + "'");
            }
            return name;
        }
    }

    private DiscoverSection section(Section section, Names names) {
        boolean shell = isShell(section);
        section.requireKeys(shell ? FmfKey.Where.DISCOVER_SHELL : FmfKey.Where.DISCOVER_FMF);
        TreeSource source = new TreeSource(plan, section, settings);
        return new DiscoverSection(
                names.of(section),
                section.number("order", DiscoverSection.DEFAULT_ORDER),
                isFor(section.texts("when")),
                source,
                shell ? written(section) : choice(section, source),
                section.texts("require-test"));
    }

    private boolean isShell(Section section) {
        String how = section.text("how");
        if (how == null) {
            if (isOfTmt() && !section.data().containsKey("tests")) {
                throw section.wrong("'how' is missing, and tmt then chooses no tests: say 'how: fmf' or 'how: shell'");
            }
            return section.data().containsKey("tests");
        }
        if (!how.equals("fmf") && !how.equals("shell")) {
            throw section.wrong("there is no 'how: " + how + "', only 'how: fmf' and 'how: shell'");
        }
        return how.equals("shell");
    }

    /** {@return whether one of the rules holds, if there are any} */
    private boolean isFor(List<String> rules) {
        return rules.isEmpty() || rules.stream().anyMatch(rule -> context.decide(rule) == Decision.TRUE);
    }

    private Choice choice(Section section, TreeSource source) {
        return new Choice(
                names(section),
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
                    "'modified-only' needs the history of a repository, which a fetched tree has not: leave url out");
        }
        if (url != null) {
            settings.trust().requireUrl(plan.node().place(STEP) + "the plan " + plan.name() + ", modified-url,", url);
        }
        if (ref != null) {
            Trust.requireRef(plan.node().place(STEP) + "the plan " + plan.name() + ", modified-ref,", ref);
        }
        return new Modified(url, ref);
    }

    private static List<Named> names(Section section) {
        Object value = section.data().get("test");
        List<Named> names = new ArrayList<>();
        for (Object test : value == null ? List.of() : Lists.like(value)) {
            if (test instanceof String pattern) {
                names.add(new Named(pattern, Map.of()));
            } else if (test instanceof Map<?, ?> map && map.get("name") instanceof String pattern) {
                Map<String, @Nullable Object> rule = new LinkedHashMap<>(section.rule("test", map));
                rule.remove("name");
                names.add(new Named(pattern, rule));
            } else {
                throw section.wrong("'test' has to be a text, a mapping with a name, or a list of them, not " + test);
            }
        }
        return names;
    }

    private static Written written(Section section) {
        List<Map<String, @Nullable Object>> tests = new ArrayList<>();
        Object value = section.data().get("tests");
        if (value != null && !(value instanceof List)) {
            throw section.wrong("'tests' has to be a list of mappings, not " + value);
        }
        for (Object test : value == null ? List.of() : (List<?>) value) {
            Map<String, @Nullable Object> data = section.rule("tests", test);
            new Section(section.plan(), STEP, data).requireKeys(FmfKey.Where.SHELL_TEST);
            tests.add(data);
        }
        return new Written(section, tests);
    }

    private DiscoverSection scripts(List<String> scripts) {
        List<Map<String, @Nullable Object>> tests = new ArrayList<>();
        Object duration = execute.data().get("duration");
        for (String script : scripts) {
            Map<String, @Nullable Object> test = new LinkedHashMap<>();
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
                new Written(execute, tests),
                List.of());
    }
}

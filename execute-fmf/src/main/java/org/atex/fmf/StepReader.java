package org.atex.fmf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.jspecify.annotations.Nullable;

/**
 * Reads the steps of a plan that are done to systems: {@code prepare}, {@code finish} and {@code cleanup}. Whatever it does
 * not know is an error that names the plan, the file and the key: a step that is done by half is no step.
 */
final class StepReader {
    /** What every section may have. {@code summary} is for people. */
    private static final Set<String> COMMON = Set.of("how", "name", "order", "summary", "when", "where", "enabled");

    /** What sections may have besides, by what they do. */
    private static final Map<String, Set<String>> KEYS = Map.of(
            "shell", Set.of("script"),
            "install", Set.of("package", "directory", "copr", "exclude", "missing", "check-first"),
            "feature", Set.of("epel", "crb", "fips"),
            "ansible", Set.of("playbook", "playbooks", "extra-args"),
            "tmt", Set.of());

    /** What there is in tmt and not here, and what to do about it. */
    private static final Map<String, String> REFUSED = Map.of(
            "artifact", "make the repository known in a script, and install from it with 'how: install'",
            "errata", "install the packages of the erratum with 'how: install'",
            "distgit", "unpack the sources in a script",
            "verify-installation", "ask for the repository in a script, such as 'dnf info --installed'");

    /** The same for keys. */
    private static final Map<String, String> REFUSED_KEYS = Map.of(
            "url", "clone the repository in the script",
            "ref", "check it out in the script",
            "profile", "apply its playbook with 'how: ansible'");

    private static final Pattern COPR = Pattern.compile("@?[A-Za-z0-9._-]+/[A-Za-z0-9._:-]+");

    private final FmfNode plan;
    private final FmfContext context;

    /**
     * Reads nothing yet.
     *
     * @param plan the plan
     * @param context what {@code when} asks about
     */
    StepReader(FmfNode plan, FmfContext context) {
        this.plan = plan;
        this.context = context;
    }

    /** {@return what sections of these steps may have, by what they do} */
    static Map<String, Set<String>> keys() {
        Map<String, Set<String>> all = new LinkedHashMap<>();
        for (String how : List.of("shell", "install", "feature", "ansible")) {
            Set<String> keys = new TreeSet<>(COMMON);
            keys.addAll(KEYS.getOrDefault(how, Set.of()));
            all.put(how, keys);
        }
        return all;
    }

    /** {@return what is done to a system before its first test, in this order} */
    List<Phase> prepare() {
        return read("prepare", List.of("shell", "install", "feature", "ansible"));
    }

    /** {@return what is done to a system after its last test, in this order} */
    List<Phase> finish() {
        return read("finish", List.of("shell", "ansible"));
    }

    /** Checks the step that says how systems are given back, which is not the plan's to say here. */
    void checkCleanup() {
        var unused = read("cleanup", List.of("tmt"));
    }

    private List<Phase> read(String step, List<String> known) {
        List<Phase> phases = new ArrayList<>();
        int number = 0;
        for (Map<?, ?> written : sections(step)) {
            Phase phase = new Section(step, written, number).phase(known);
            if (phase != null) {
                phases.add(phase);
            }
            number++;
        }
        phases.sort(Comparator.comparingInt(Phase::order));
        return List.copyOf(phases);
    }

    private List<Map<?, ?>> sections(String step) {
        Object value = plan.data().get(step);
        List<Map<?, ?>> sections = new ArrayList<>();
        for (Object section : value == null ? List.of() : Lists.like(value)) {
            if (!(section instanceof Map<?, ?> map)) {
                throw plan.unexpected(step, "a section, or a list of sections");
            }
            sections.add(map);
        }
        return sections;
    }

    /** One section. */
    private final class Section {
        private final String step;
        private final Map<?, ?> written;
        private final String name;

        Section(String step, Map<?, ?> written, int number) {
            this.step = step;
            this.written = written;
            this.name = written.get("name") instanceof String given ? given : "default-" + number;
        }

        /** {@return what it does, or null if it does not apply} */
        @Nullable
        Phase phase(List<String> known) {
            Object how = written.containsKey("how") ? written.get("how") : known.getFirst();
            if (!applies()) {
                return null;
            }
            if (!(how instanceof String word && known.contains(word))) {
                throw wrong(unknownHow(String.valueOf(how), known));
            }
            Set<String> keys = new TreeSet<>(COMMON);
            keys.addAll(KEYS.getOrDefault(word, Set.of()));
            for (Object key : written.keySet()) {
                if (!(key instanceof String text && (keys.contains(text) || text.startsWith("extra-")))) {
                    throw wrong(unknownKey(String.valueOf(key), word, keys));
                }
            }
            int order = order();
            return switch (word) {
                case "install" ->
                    new Phase.Install(
                            name,
                            order,
                            packages(),
                            texts("directory"),
                            coprs(),
                            texts("exclude"),
                            optional(),
                            bool("check-first", true));
                case "feature" -> new Phase.Feature(name, order, features());
                case "ansible" -> new Phase.Ansible(name, order, playbooks(), text("extra-args"));
                case "tmt" -> null;
                default -> new Phase.Shell(name, order, texts("script"));
            };
        }

        private String unknownHow(String how, List<String> known) {
            if (REFUSED.containsKey(how)) {
                return "'how: " + how + "' is not supported: " + REFUSED.get(how);
            }
            String meant = KeyCheck.nearest(how, Set.copyOf(known));
            return "'how: " + how + "' is unknown"
                    + (meant == null ? ": there are " + String.join(", ", known) : ": did you mean '" + meant + "'?");
        }

        private String unknownKey(String key, String how, Set<String> keys) {
            if (REFUSED_KEYS.containsKey(key)) {
                return "the key '" + key + "' is not supported: " + REFUSED_KEYS.get(key);
            }
            String meant = KeyCheck.nearest(key, keys);
            return "the key '" + key + "' is unknown with 'how: " + how + "'"
                    + (meant == null ? ": there are " + String.join(", ", keys) : ": did you mean '" + meant + "'?");
        }

        /** Where the context does not say whether a condition holds, it does not. */
        private boolean applies() {
            if (!bool("enabled", true)) {
                return false;
            }
            boolean here = isHere();
            Object when = written.get("when");
            return here && (when == null || Lists.like(when).stream().anyMatch(this::holds));
        }

        private boolean holds(@Nullable Object condition) {
            if (condition instanceof Boolean is) {
                return is;
            }
            try {
                return context.decide(String.valueOf(condition)) == FmfContext.Decision.TRUE;
            } catch (FmfException e) {
                throw wrong("'when' is no condition: " + e.getMessage());
            }
        }

        /** All systems that run tests of one plan are made ready alike. */
        private boolean isHere() {
            List<String> where = texts("where");
            if (where.isEmpty()) {
                return true;
            }
            Set<String> names = new LinkedHashSet<>();
            int guests = 0;
            int meant = 0;
            for (Map<?, ?> guest : sections("provision")) {
                Object own = guest.get("name");
                String guestName = own == null ? "default-" + guests : own.toString();
                names.add(guestName);
                Object role = guest.get("role");
                if (role != null) {
                    names.add(role.toString());
                }
                meant += where.contains(guestName) || role != null && where.contains(role.toString()) ? 1 : 0;
                guests++;
            }
            if (guests == 0) {
                names.add("default-0");
                meant = where.contains("default-0") ? 1 : 0;
                guests = 1;
            }
            if (meant == 0) {
                throw wrong("'where: " + where + "' names no system of the plan, which has " + names);
            }
            if (meant < guests) {
                throw wrong(
                        "'where: " + where + "' is not supported, as the plan has several systems " + names
                                + " and all that run its tests are made ready alike: give each kind of system a plan of its own");
            }
            return true;
        }

        private int order() {
            Object value = written.get("order");
            if (value == null) {
                return Phase.DEFAULT_ORDER;
            }
            if (value instanceof Number number && number.intValue() == number.doubleValue()) {
                return number.intValue();
            }
            throw wrong("'order' must be an integer, not " + value);
        }

        private List<String> packages() {
            List<String> packages = texts("package");
            for (String text : packages) {
                if (!Packages.isName(text)) {
                    throw wrong("'" + text + "' is no name of a package");
                }
            }
            return packages;
        }

        private List<String> coprs() {
            List<String> coprs = texts("copr");
            for (String text : coprs) {
                if (!COPR.matcher(text).matches()) {
                    throw wrong("'copr' takes owner/project or @group/project, not '" + text + "'");
                }
            }
            return coprs;
        }

        private boolean optional() {
            return switch (text("missing")) {
                case "", "fail" -> false;
                case "skip" -> true;
                default -> throw wrong("'missing' must be fail or skip, not '" + text("missing") + "'");
            };
        }

        private Map<String, String> features() {
            Map<String, String> features = new LinkedHashMap<>();
            for (String feature : List.of("epel", "crb", "fips")) {
                String value = text(feature).toLowerCase(Locale.ROOT);
                if (!value.isEmpty() && !value.equals("enabled") && !value.equals("disabled")) {
                    throw wrong("'" + feature + "' must be enabled or disabled, not '" + text(feature) + "'");
                }
                if (!value.isEmpty()) {
                    features.put(feature, value);
                }
            }
            if ("disabled".equals(features.get("fips"))) {
                throw wrong("'fips: disabled' is not supported: systems come without it, so leave it out");
            }
            return features;
        }

        private List<String> playbooks() {
            List<String> playbooks = Lists.plus(texts("playbook"), texts("playbooks"));
            if (playbooks.isEmpty()) {
                throw wrong("'how: ansible' needs a 'playbook'");
            }
            for (String playbook : playbooks) {
                if (playbook.isBlank() || playbook.startsWith("-")) {
                    throw wrong("'" + playbook + "' is no playbook");
                }
            }
            return playbooks;
        }

        private boolean bool(String key, boolean otherwise) {
            Object value = written.get(key);
            if (value == null) {
                return otherwise;
            }
            if (value instanceof Boolean is) {
                return is;
            }
            throw wrong("'" + key + "' must be true or false, not " + value);
        }

        private String text(String key) {
            Object value = written.get(key);
            if (value instanceof Map || value instanceof List) {
                throw wrong("'" + key + "' must be a text");
            }
            return value == null ? "" : value.toString();
        }

        private List<String> texts(String key) {
            Object value = written.get(key);
            List<String> texts = new ArrayList<>();
            for (Object text : value == null ? List.of() : Lists.like(value)) {
                if (!(text instanceof String word)) {
                    throw wrong("'" + key + "' must be a text or a list of texts");
                }
                texts.add(word);
            }
            return texts;
        }

        private FmfException wrong(String what) {
            return new FmfException(
                    FmfException.Kind.INVALID_VALUE,
                    plan.place(step) + "the plan " + plan.name() + ", section '" + name + "' of '" + step + "': "
                            + what,
                    null);
        }
    }
}

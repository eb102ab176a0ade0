package org.atex.fmf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the {@code prepare}, {@code finish} and {@code cleanup} steps of a plan. Everything that is unknown or not
 * supported is an error that names the plan, the file and the key, as a step that is only partly performed would give
 * wrong results. For one thread.
 */
final class StepReader {
    /** The kinds of sections that tmt has and this executor does not, with alternatives. */
    private static final Map<String, String> UNSUPPORTED = Map.of(
            "artifact", "add the repository in a script, and install from it with 'how: install'",
            "errata", "install the packages of the erratum with 'how: install'",
            "distgit", "unpack the sources in a script",
            "verify-installation", "query the repository in a script, such as by 'dnf info --installed'");

    private static final Map<String, FmfKey.Where> KEYS = Map.of(
            "shell", FmfKey.Where.STEP_SHELL,
            "install", FmfKey.Where.STEP_INSTALL,
            "feature", FmfKey.Where.STEP_FEATURE,
            "ansible", FmfKey.Where.STEP_ANSIBLE,
            "tmt", FmfKey.Where.CLEANUP);

    private static final Pattern COPR = Pattern.compile("@?[A-Za-z0-9._-]+/[A-Za-z0-9._:-]+");

    private final FoundPlan plan;
    private final FmfContext context;
    private final Expansion expansion;

    /**
     * Creates a reader. Each method reads one step.
     *
     * @param plan the plan
     * @param context the context for {@code when}
     * @param expansion expands variables in texts
     */
    StepReader(FoundPlan plan, FmfContext context, Expansion expansion) {
        this.plan = plan;
        this.context = context;
        this.expansion = expansion;
    }

    /** {@return the phases before the first test, in the order in which they run} */
    List<Phase> prepare() {
        return read("prepare", List.of("shell", "install", "feature", "ansible"));
    }

    /** {@return the phases after the last test, in the order in which they run} */
    List<Phase> finish() {
        return read("finish", List.of("shell", "ansible"));
    }

    /** Checks the {@code cleanup} step. It has no effect: provisioners remove their systems. */
    void checkCleanup() {
        var unused = read("cleanup", List.of("tmt"));
    }

    private List<Phase> read(String step, List<String> kinds) {
        List<Phase> phases = new ArrayList<>();
        int number = 0;
        for (Map<?, ?> written : Section.list(plan, step, expansion)) {
            Phase phase = new PhaseReader(new Section(plan, step, written), number).phase(kinds);
            if (phase != null) {
                phases.add(phase);
            }
            number++;
        }
        phases.sort(Comparator.comparingInt(Phase::order));
        return List.copyOf(phases);
    }

    /** Reads one section. */
    private final class PhaseReader {
        private final Section section;
        private final String name;

        PhaseReader(Section section, int number) {
            this.section = section;
            this.name = Objects.requireNonNullElse(section.text("name"), "default-" + number);
        }

        /** {@return the phase, or null if it does not apply} */
        @Nullable
        Phase phase(List<String> kinds) {
            String how = Objects.requireNonNullElse(section.text("how"), kinds.getFirst());
            // A section that does not apply may be of a kind that is not supported.
            if (!applies()) {
                return null;
            }
            if (!kinds.contains(how)) {
                throw section.wrong(unknown(how, kinds));
            }
            section.requireKeys(Objects.requireNonNull(KEYS.get(how)));
            int order = Math.toIntExact(section.number("order", Phase.DEFAULT_ORDER));
            return switch (how) {
                case "install" ->
                    new Phase.Install(
                            name,
                            order,
                            packages(),
                            section.texts("directory"),
                            coprs(),
                            section.texts("exclude"),
                            section.oneOf("missing", "fail", "skip").equals("skip"),
                            section.flag("check-first", true));
                case "feature" -> new Phase.Feature(name, order, features());
                case "ansible" ->
                    new Phase.Ansible(
                            name, order, playbooks(), Objects.requireNonNullElse(section.text("extra-args"), ""));
                case "tmt" -> null;
                default -> new Phase.Shell(name, order, section.texts("script"));
            };
        }

        private String unknown(String how, List<String> kinds) {
            if (UNSUPPORTED.containsKey(how)) {
                return "'how: " + how + "' is not supported: " + UNSUPPORTED.get(how);
            }
            String suggestion = KeyCheck.nearest(how, Set.copyOf(kinds));
            return "unknown 'how: " + how + "'"
                    + (suggestion == null
                            ? "; known kinds are " + String.join(", ", kinds)
                            : ": did you mean '" + suggestion + "'?");
        }

        /**
         * {@return whether the phase is enabled and its conditions hold} A condition that the context cannot decide
         * does not hold.
         */
        private boolean applies() {
            if (!section.flag("enabled", true)) {
                return false;
            }
            // Checked first, so that errors in 'where' do not depend on the context.
            boolean forAllGuests = isForAllGuests();
            Object when = section.data().get("when");
            return forAllGuests
                    && (when == null || ListValues.asList(when).stream().anyMatch(this::holds));
        }

        private boolean holds(@Nullable Object condition) {
            if (condition instanceof Boolean is) {
                return is;
            }
            try {
                return context.decide(String.valueOf(condition)) == FmfContext.Decision.TRUE;
            } catch (FmfException e) {
                throw section.wrong("'when' is not a condition: " + e.getMessage());
            }
        }

        /**
         * {@return true if {@code where} is missing or names all guests of the plan} All systems that run tests of a
         * plan are prepared alike, so that a phase cannot be for some of them.
         */
        private boolean isForAllGuests() {
            List<String> where = section.texts("where");
            if (where.isEmpty()) {
                return true;
            }
            Set<String> names = new LinkedHashSet<>();
            int guests = 0;
            int matching = 0;
            List<Map<?, ?>> provisioned = Section.list(plan, "provision", expansion);
            for (Map<?, ?> guest : provisioned.isEmpty() ? List.of(Map.of()) : provisioned) {
                List<String> namesOfGuest = new ArrayList<>();
                Object own = guest.get("name");
                namesOfGuest.add(own == null ? "default-" + guests : own.toString());
                if (guest.get("role") != null) {
                    namesOfGuest.add(String.valueOf(guest.get("role")));
                }
                names.addAll(namesOfGuest);
                matching += namesOfGuest.stream().anyMatch(where::contains) ? 1 : 0;
                guests++;
            }
            if (matching == 0) {
                throw section.wrong("'where: " + where + "' names no system of the plan, which has " + names);
            }
            if (matching < guests) {
                throw section.wrong("'where: " + where + "' is not supported, as the plan has several systems " + names
                        + " and all of them are prepared alike: write a plan for each kind of system");
            }
            return true;
        }

        private List<String> packages() {
            List<String> packages = section.texts("package");
            for (String text : packages) {
                if (!Packages.isName(text)) {
                    throw section.wrong("'" + text + "' is not the name of a package");
                }
            }
            return packages;
        }

        private List<String> coprs() {
            List<String> coprs = section.texts("copr");
            for (String text : coprs) {
                if (!COPR.matcher(text).matches()) {
                    throw section.wrong("'copr' must be owner/project or @group/project, but is '" + text + "'");
                }
            }
            return coprs;
        }

        private Map<String, String> features() {
            Map<String, String> features = new LinkedHashMap<>();
            for (String feature : List.of("epel", "crb", "fips")) {
                String value = section.text(feature);
                if (value != null) {
                    String word = value.toLowerCase(Locale.ROOT);
                    if (!word.equals("enabled") && !word.equals("disabled")) {
                        throw section.wrong("'" + feature + "' must be enabled or disabled, but is '" + value + "'");
                    }
                    features.put(feature, word);
                }
            }
            if ("disabled".equals(features.get("fips"))) {
                throw section.wrong(
                        "'fips: disabled' is not supported: systems come without FIPS mode; remove the key");
            }
            return features;
        }

        private List<String> playbooks() {
            List<String> playbooks = ListValues.concat(section.texts("playbook"), section.texts("playbooks"));
            if (playbooks.isEmpty()) {
                throw section.wrong("'how: ansible' needs a 'playbook'");
            }
            for (String playbook : playbooks) {
                if (playbook.isBlank() || playbook.startsWith("-")) {
                    throw section.wrong("'" + playbook + "' is not a playbook");
                }
            }
            return playbooks;
        }
    }
}

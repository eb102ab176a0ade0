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
 * Reads the steps of a plan that are done to systems: {@code prepare}, {@code finish} and {@code cleanup}. Whatever it does
 * not know is an error that names the plan, the file and the key: a step that is done by half is no step.
 */
final class StepReader {
    /** What there is in tmt and not here, and what to do about it. */
    private static final Map<String, String> REFUSED = Map.of(
            "artifact", "make the repository known in a script, and install from it with 'how: install'",
            "errata", "install the packages of the erratum with 'how: install'",
            "distgit", "unpack the sources in a script",
            "verify-installation", "ask for the repository in a script, such as 'dnf info --installed'");

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
     * Reads nothing yet.
     *
     * @param plan the plan
     * @param context what {@code when} asks about
     * @param expansion puts variables into texts
     */
    StepReader(FoundPlan plan, FmfContext context, Expansion expansion) {
        this.plan = plan;
        this.context = context;
        this.expansion = expansion;
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
        for (Map<?, ?> written : Section.list(plan, step, expansion)) {
            Phase phase = new PhaseReader(new Section(plan, step, written), number).phase(known);
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

        /** {@return what it does, or null if it does not apply} */
        @Nullable
        Phase phase(List<String> known) {
            String how = Objects.requireNonNullElse(section.text("how"), known.getFirst());
            if (!applies()) {
                return null;
            }
            if (!known.contains(how)) {
                throw section.wrong(unknown(how, known));
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

        private String unknown(String how, List<String> known) {
            if (REFUSED.containsKey(how)) {
                return "'how: " + how + "' cannot be had here: " + REFUSED.get(how);
            }
            String meant = KeyCheck.nearest(how, Set.copyOf(known));
            return "there is no 'how: " + how + "'"
                    + (meant == null ? ", only " + String.join(", ", known) : ": did you mean '" + meant + "'?");
        }

        /** Where the context does not say whether a condition holds, it does not. */
        private boolean applies() {
            if (!section.flag("enabled", true)) {
                return false;
            }
            boolean here = isHere();
            Object when = section.data().get("when");
            return here && (when == null || Lists.like(when).stream().anyMatch(this::holds));
        }

        private boolean holds(@Nullable Object condition) {
            if (condition instanceof Boolean is) {
                return is;
            }
            try {
                return context.decide(String.valueOf(condition)) == FmfContext.Decision.TRUE;
            } catch (FmfException e) {
                throw section.wrong("'when' is no condition: " + e.getMessage());
            }
        }

        /** All systems that run tests of one plan are made ready alike. */
        private boolean isHere() {
            List<String> where = section.texts("where");
            if (where.isEmpty()) {
                return true;
            }
            Set<String> names = new LinkedHashSet<>();
            int guests = 0;
            int meant = 0;
            List<Map<?, ?>> provisioned = Section.list(plan, "provision", expansion);
            for (Map<?, ?> guest : provisioned.isEmpty() ? List.of(Map.of()) : provisioned) {
                List<String> called = new ArrayList<>();
                Object own = guest.get("name");
                called.add(own == null ? "default-" + guests : own.toString());
                if (guest.get("role") != null) {
                    called.add(String.valueOf(guest.get("role")));
                }
                names.addAll(called);
                meant += called.stream().anyMatch(where::contains) ? 1 : 0;
                guests++;
            }
            if (meant == 0) {
                throw section.wrong("'where: " + where + "' names no system of the plan, which has " + names);
            }
            if (meant < guests) {
                throw section.wrong(
                        "'where: " + where + "' cannot be had here, as the plan has several systems " + names
                                + " and all that run its tests are made ready alike: give each kind of system a plan of its own");
            }
            return true;
        }

        private List<String> packages() {
            List<String> packages = section.texts("package");
            for (String text : packages) {
                if (!Packages.isName(text)) {
                    throw section.wrong("'" + text + "' is no name of a package");
                }
            }
            return packages;
        }

        private List<String> coprs() {
            List<String> coprs = section.texts("copr");
            for (String text : coprs) {
                if (!COPR.matcher(text).matches()) {
                    throw section.wrong("'copr' has to be owner/project or @group/project, not '" + text + "'");
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
                        throw section.wrong("'" + feature + "' has to be enabled or disabled, not '" + value + "'");
                    }
                    features.put(feature, word);
                }
            }
            if ("disabled".equals(features.get("fips"))) {
                throw section.wrong("'fips: disabled' cannot be had here: systems come without it, so leave it out");
            }
            return features;
        }

        private List<String> playbooks() {
            List<String> playbooks = Lists.plus(section.texts("playbook"), section.texts("playbooks"));
            if (playbooks.isEmpty()) {
                throw section.wrong("'how: ansible' needs a 'playbook'");
            }
            for (String playbook : playbooks) {
                if (playbook.isBlank() || playbook.startsWith("-")) {
                    throw section.wrong("'" + playbook + "' is no playbook");
                }
            }
            return playbooks;
        }
    }
}

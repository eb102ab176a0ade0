package org.atex.fmf;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.api.Capability;
import org.atex.api.Need;
import org.atex.fmf.tree.FmfException;
import org.jspecify.annotations.Nullable;

/** Translates the key {@code hardware} of a plan's {@code provision} into needs for labels of {@link Capability}. */
final class HardwareNeeds {
    private static final Pattern CONSTRAINT = Pattern.compile("\\s*(>=|==?)?\\s*([^<>=!~\\s].*?)\\s*");

    private final FmfPlan plan;
    private final Set<Need> needs = new LinkedHashSet<>();

    private HardwareNeeds(FmfPlan plan) {
        this.plan = plan;
    }

    /**
     * {@return the needs of a plan}
     *
     * @throws FmfException if the plan has several systems, or a requirement that no label expresses
     */
    static Set<Need> of(FmfPlan plan) {
        HardwareNeeds found = new HardwareNeeds(plan);
        List<Map<String, @Nullable Object>> sections = plan.provision();
        if (sections.size() > 1) {
            throw found.refusal("provision has " + sections.size() + " systems");
        }
        for (Map<String, @Nullable Object> section : sections) {
            Object hardware = section.get("hardware");
            if (hardware != null) {
                found.addAll("hardware", hardware);
            }
        }
        return found.needs;
    }

    private FmfException refusal(String why) {
        return new FmfException(
                FmfException.Kind.GENERAL,
                "the needs of the plan " + plan.name() + " cannot be derived: " + why
                        + " (select the systems in the program, with FmfPlan.provision())",
                null);
    }

    private void addAll(String path, @Nullable Object requirements) {
        if (!(requirements instanceof Map<?, ?> all)) {
            throw refusal(path + " is not a mapping");
        }
        all.forEach((key, value) -> add(path + "." + key, value));
    }

    private void add(String path, @Nullable Object value) {
        switch (path.replace(".and", "")) {
            case "hardware" -> {
                if (!(value instanceof List<?> list)) {
                    throw refusal(path + " is not a list");
                }
                list.forEach(each -> addAll("hardware", each));
            }
            case "hardware.cpu", "hardware.virtualization" -> addAll(path, value);
            case "hardware.arch" -> constrain(Capability.ARCH, path, value);
            case "hardware.memory" -> constrain(Capability.MEMORY, path, value);
            case "hardware.cpu.processors" -> constrain(Capability.CPUS, path, value);
            case "hardware.virtualization.is-supported" ->
                needs.add(Need.of(Capability.VIRTUALIZATION, isTrue(path, value) ? "yes" : "no"));
            default -> throw refusal("no label expresses " + path);
        }
    }

    private boolean isTrue(String path, @Nullable Object value) {
        if (value instanceof Boolean is) {
            return is;
        }
        throw refusal(path + " is neither true nor false");
    }

    private void constrain(String label, String path, @Nullable Object value) {
        Matcher constraint = CONSTRAINT.matcher(String.valueOf(value));
        if (value == null || !constraint.matches()) {
            throw refusal(path + " is '" + value + "', and a need is a value, or a minimum such as '>= 4 GB'");
        }
        try {
            boolean isMinimum = ">=".equals(constraint.group(1));
            needs.add(isMinimum ? Need.atLeast(label, constraint.group(2)) : Need.of(label, constraint.group(2)));
        } catch (IllegalArgumentException e) {
            throw refusal(path + ": " + e.getMessage());
        }
    }
}

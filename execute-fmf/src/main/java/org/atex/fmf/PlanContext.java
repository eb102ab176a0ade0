package org.atex.fmf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfNode;
import org.jspecify.annotations.Nullable;

/** What a plan knows: the context of its tests, and variables, which are read once. For one thread. */
final class PlanContext {
    private final FoundPlan plan;
    private final Settings settings;
    private @Nullable Map<String, String> environment;

    PlanContext(FoundPlan plan, Settings settings) {
        this.plan = plan;
        this.settings = settings;
    }

    /** {@return the context that a node says} */
    static FmfContext written(FmfNode node) {
        return FmfContext.of(node.map("context"));
    }

    /** {@return what plans know that it imports} */
    FmfContext inheritable() {
        return written(plan.node()).and(plan.from().context());
    }

    /** {@return what its tests know} */
    FmfContext context() {
        return inheritable().and(settings.context());
    }

    /** {@return the variables of plans that it imports} */
    Map<String, String> inheritableEnvironment() {
        Map<String, String> all = new LinkedHashMap<>();
        FmfNode node = plan.node();
        for (String file : node.textList("environment-file")) {
            all.putAll(EnvironmentFile.read(file(file)));
        }
        all.putAll(node.textMap("environment"));
        all.putAll(plan.from().environment());
        return all;
    }

    private Path file(String name) {
        if (name.matches("(?i)https?:.*")) {
            throw plan.wrong(
                    "environment-file",
                    name + " is not a file of the tree: fetch it and pass FmfDiscovery.environment");
        }
        Path root = plan.tree().directory().orElseThrow();
        Path file = settings.trust().inside("the environment-file of the plan " + plan.name(), root, name.strip());
        if (!Files.isRegularFile(file)) {
            throw plan.wrong("environment-file", "there is no file " + file);
        }
        return file;
    }

    /** {@return the variables of its tests and scripts, which may refer to each other: one of them is enough} */
    Map<String, String> environment() {
        Map<String, String> known = environment;
        if (known == null) {
            known = Collections.unmodifiableMap(readEnvironment());
            environment = known;
        }
        return known;
    }

    private Map<String, String> readEnvironment() {
        Map<String, String> all = new LinkedHashMap<>(inheritableEnvironment());
        all.putAll(settings.environment());
        Map<String, String> expanded = expansion(all).of(all);
        expanded.putAll(settings.environment());
        return expanded;
    }

    private Expansion expansion(Map<String, String> variables) {
        return new Expansion(variables, context());
    }

    /** {@return what puts variables and dimensions into the plan's texts} */
    Expansion expansion() {
        return expansion(environment());
    }
}

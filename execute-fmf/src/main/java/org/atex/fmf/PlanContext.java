package org.atex.fmf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfNode;
import org.jspecify.annotations.Nullable;

/** The context and the variables of a plan. Files of variables are read once. For one thread. */
final class PlanContext {
    private final FoundPlan plan;
    private final DiscoverySettings settings;
    private @Nullable Map<String, String> environment;

    PlanContext(FoundPlan plan, DiscoverySettings settings) {
        this.plan = plan;
        this.settings = settings;
    }

    /** {@return the context that a node defines} */
    static FmfContext written(FmfNode node) {
        return FmfContext.of(node.map("context"));
    }

    /** {@return the context that imported plans inherit} */
    FmfContext inheritable() {
        return written(plan.node()).and(plan.from().context());
    }

    /** {@return the context of the plan's tests} */
    FmfContext context() {
        return inheritable().and(settings.context());
    }

    /** {@return the variables that imported plans inherit} */
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
                    name + " is not a file of the tree: fetch it and pass its variables to FmfDiscovery.environment");
        }
        Path root = plan.tree().directory().orElseThrow();
        Path file = settings.trust().inside("the environment-file of the plan " + plan.name(), root, name.strip());
        if (!Files.isRegularFile(file)) {
            throw plan.wrong("environment-file", "there is no file " + file);
        }
        return file;
    }

    /** {@return the variables of the plan's tests and scripts} They may refer to each other, one level deep. */
    Map<String, String> environment() {
        Map<String, String> variables = environment;
        if (variables == null) {
            variables = Collections.unmodifiableMap(readEnvironment());
            environment = variables;
        }
        return variables;
    }

    private Map<String, String> readEnvironment() {
        Map<String, String> all = new LinkedHashMap<>(inheritableEnvironment());
        all.putAll(settings.environment());
        Map<String, String> expanded = expansion(all).of(all);
        // Values of the program are final: they are not expanded.
        expanded.putAll(settings.environment());
        return expanded;
    }

    private Expansion expansion(Map<String, String> variables) {
        return new Expansion(variables, context());
    }

    /** {@return the expansion of the plan's texts} */
    Expansion expansion() {
        return expansion(environment());
    }
}

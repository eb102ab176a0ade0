package org.atex.all;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.module.Configuration;
import java.lang.module.FindException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks the descriptors of all modules against golden files, and that the modules work on the module path. */
class ModulesTest {
    private static final GoldenFiles GOLDEN = GoldenFiles.in("modules");

    /** Libraries that have no module descriptor, but an {@code Automatic-Module-Name} in their manifests. */
    private static final Set<String> AUTOMATIC = Set.of(
            "com.hierynomus.asnone",
            "com.hierynomus.sshj",
            "io.opentelemetry.api",
            "io.opentelemetry.common",
            "io.opentelemetry.context",
            "org.apache.commons.logging",
            "org.apache.httpcomponents.client5.httpclient5",
            "org.apache.httpcomponents.core5.httpcore5",
            "org.apache.httpcomponents.core5.httpcore5.h2");

    private static Stream<Path> classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(entry -> !entry.endsWith("test-classes"));
    }

    /** Returns the modules on a path, without entries that cannot be modules. */
    private static List<ModuleReference> modules(Stream<Path> path) {
        List<ModuleReference> modules = new ArrayList<>();
        path.forEach(entry -> {
            try {
                modules.addAll(ModuleFinder.of(entry).findAll());
            } catch (FindException e) {
                // A library of the tests with a file name from which no module name can be derived.
            }
        });
        return modules;
    }

    /** The modules of this project that are published. */
    static List<ModuleReference> published() {
        return modules(classPath()).stream()
                .filter(module -> module.descriptor().name().startsWith("org.atex."))
                .toList();
    }

    private static List<ModuleDescriptor> ours() {
        return published().stream().map(ModuleReference::descriptor).toList();
    }

    /** Describes a module like {@code java --describe-module}, but in a fixed order and without versions. */
    private static String describe(ModuleDescriptor module) {
        Set<String> lines = new TreeSet<>();
        for (ModuleDescriptor.Requires requires : module.requires()) {
            String modifiers = requires.modifiers().stream()
                    .filter(modifier -> modifier != ModuleDescriptor.Requires.Modifier.MANDATED)
                    .map(modifier -> modifier.name().toLowerCase(java.util.Locale.ROOT) + " ")
                    .sorted()
                    .collect(Collectors.joining());
            lines.add("requires " + modifiers + requires.name());
        }
        module.exports().forEach(exports -> lines.add("exports " + exports.source() + to(exports.targets())));
        module.opens().forEach(opens -> lines.add("opens " + opens.source() + to(opens.targets())));
        module.uses().forEach(uses -> lines.add("uses " + uses));
        module.provides().forEach(provides -> lines.add("provides " + provides.service()));
        Set<String> hidden = new TreeSet<>(module.packages());
        module.exports().forEach(exports -> hidden.remove(exports.source()));
        hidden.forEach(name -> lines.add("contains " + name));
        return (module.isOpen() ? "open " : "") + module.name() + "\n" + String.join("\n", lines) + "\n";
    }

    private static String to(Set<String> targets) {
        return targets.isEmpty() ? "" : " to " + String.join(" ", new TreeSet<>(targets));
    }

    @Test
    void descriptorsMatchTheGoldenFiles() throws IOException {
        TreeMap<String, String> found = new TreeMap<>();
        ours().forEach(module -> found.put(module.name() + ".txt", describe(module)));
        assertThat(found)
                .as("module descriptors, compared with " + GOLDEN.mending(ModulesTest.class))
                .isEqualTo(GOLDEN.agreed(found));
    }

    @Test
    void allContainsEveryModuleExceptThoseForTestsAndThoseThatAreNotForPrograms() {
        ModuleDescriptor all = ours().stream()
                .filter(module -> module.name().equals("org.atex.all"))
                .findFirst()
                .orElseThrow();
        Set<String> required = all.requires().stream()
                .map(ModuleDescriptor.Requires::name)
                .filter(name -> name.startsWith("org.atex."))
                .collect(Collectors.toSet());
        Set<String> others = ours().stream().map(ModuleDescriptor::name).collect(Collectors.toSet());
        others.removeAll(
                Set.of("org.atex.all", "org.atex.http", "org.atex.junit", "org.atex.support", "org.atex.testkit"));
        assertThat(required).isEqualTo(others);
    }

    @Test
    void allResolvesOnTheModulePath() throws ClassNotFoundException {
        // A resolved automatic module also resolves all others, so those of the tests are left out.
        Path[] entries = modules(classPath()).stream()
                .filter(module -> !module.descriptor().isAutomatic()
                        || AUTOMATIC.contains(module.descriptor().name()))
                .map(module -> Path.of(module.location().orElseThrow()))
                .toArray(Path[]::new);
        Configuration resolved = ModuleLayer.boot()
                .configuration()
                .resolve(ModuleFinder.of(entries), ModuleFinder.of(), Set.of("org.atex.all"));
        ModuleLayer layer =
                ModuleLayer.boot().defineModulesWithOneLoader(resolved, ClassLoader.getPlatformClassLoader());
        for (String name : List.of(
                "org.atex.adhoc.AdHocOrchestrator",
                "org.atex.fmf.FmfTests",
                "org.atex.fmf.tree.FmfTree",
                "org.atex.allure.AllureAggregator",
                "org.atex.ctrf.CtrfAggregator",
                "org.atex.html.HtmlReport",
                "org.atex.jsonl.JsonLinesAggregator",
                "org.atex.junitxml.JUnitXmlAggregator",
                "org.atex.local.LocalProvisioner",
                "org.atex.opentest.OpenTestReport",
                "org.atex.reportportal.ReportPortalAggregator",
                "org.atex.tap.TapAggregator")) {
            Class<?> type = Class.forName(name, true, layer.findLoader("org.atex.all"));
            assertThat(type.getModule().getName()).isEqualTo(type.getPackageName());
        }
    }
}

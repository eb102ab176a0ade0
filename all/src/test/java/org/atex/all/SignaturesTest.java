package org.atex.all;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Compares the public signatures of each module with golden files, so that no change of the API goes unnoticed. */
class SignaturesTest {
    private static final GoldenFiles GOLDEN = GoldenFiles.in("signatures");

    /** The packages that a module exports to everyone, each with the names of its classes. */
    private static Map<String, Set<String>> exported(ModuleReference module) {
        Set<String> packages = module.descriptor().exports().stream()
                .filter(exports -> !exports.isQualified())
                .map(ModuleDescriptor.Exports::source)
                .collect(Collectors.toSet());
        Map<String, Set<String>> classes = new TreeMap<>();
        packages.forEach(name -> classes.put(name, new TreeSet<>()));
        try (ModuleReader reader = module.open();
                Stream<String> entries = reader.list()) {
            entries.filter(entry -> entry.endsWith(".class") && !entry.contains("$"))
                    .map(entry -> entry.substring(0, entry.length() - ".class".length())
                            .replace('/', '.'))
                    .filter(name -> packages.contains(name.substring(0, Math.max(0, name.lastIndexOf('.')))))
                    .filter(name -> !name.endsWith(".package-info"))
                    .forEach(name -> classes.get(name.substring(0, name.lastIndexOf('.')))
                            .add(name));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "could not list the classes of " + module.descriptor().name(), e);
        }
        return classes;
    }

    private static String signatures(ModuleReference module) {
        StringBuilder text = new StringBuilder();
        exported(module).forEach((name, classes) -> {
            text.append(Stability.of(name)).append("package ").append(name).append("\n");
            classes.forEach(type -> text.append(Signatures.of(load(type))));
        });
        return text.toString();
    }

    static Class<?> load(String name) {
        try {
            return Class.forName(name, false, SignaturesTest.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new AssertionError("could not load " + name + " although its file is on the class path", e);
        }
    }

    @Test
    void signaturesAreAsAgreed() throws IOException {
        Map<String, String> found = new TreeMap<>();
        for (ModuleReference module : ModulesTest.published()) {
            String text = signatures(module);
            if (!text.isEmpty()) {
                found.put(module.descriptor().name() + ".txt", text);
            }
        }
        Map<String, String> golden = GOLDEN.agreed(found);
        List<String> differences = new ArrayList<>();
        without(lines(golden), lines(found)).forEach(line -> differences.add("- " + line));
        without(lines(found), lines(golden)).forEach(line -> differences.add("+ " + line));
        String how = "public signatures, compared with " + GOLDEN.mending(SignaturesTest.class)
                + "; docs/compatibility.md says which changes are allowed, and CHANGELOG.md must note them";
        assertThat(differences).as(how).isEmpty();
        // Also the order of enum constants.
        assertThat(found).as(how).isEqualTo(golden);
    }

    private static Set<String> without(Set<String> lines, Set<String> others) {
        Set<String> rest = new LinkedHashSet<>(lines);
        rest.removeAll(others);
        return rest;
    }

    /** Each line with its file and type in front, so that a difference says where it is. */
    private static Set<String> lines(Map<String, String> files) {
        Set<String> lines = new LinkedHashSet<>();
        files.forEach((file, text) -> {
            String[] type = {""};
            text.lines().forEach(line -> {
                if (!line.startsWith("  ")) {
                    type[0] = line;
                }
                lines.add(file + ": " + (line.startsWith("  ") ? type[0] + " { " + line.strip() + " }" : line));
            });
        });
        return lines;
    }

    @Test
    void eachExportedPackageHasAStabilityMark() {
        Set<String> unmarked = new TreeSet<>();
        for (ModuleReference module : ModulesTest.published()) {
            for (String name : exported(module).keySet()) {
                if (Stability.marks(load(name + ".package-info")).size() != 1) {
                    unmarked.add(name);
                }
            }
        }
        assertThat(unmarked)
                .as("exported packages whose package-info.java has not exactly one of @Stable and @Preview;"
                        + " see docs/compatibility.md")
                .isEmpty();
    }
}

package org.atex.all;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.io.File;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks that static fields hold constants, so that two runs in one JVM do not share state. */
class StaticStateTest {
    /** Immutable types, by the beginnings of their names. */
    private static final List<String> CONSTANT = List.of(
            "java.lang.",
            "java.math.",
            "io.opentelemetry.api.internal.",
            "java.nio.charset.",
            "java.nio.file.attribute.",
            "java.time.",
            "java.util.ImmutableCollections",
            "java.util.Collections$Unmodifiable",
            "java.util.Collections$Empty",
            "java.util.regex.Pattern",
            "org.junit.jupiter.api.extension.ExtensionContext$Namespace",
            "org.snakeyaml.engine.v2.api.DumpSettings",
            "org.snakeyaml.engine.v2.api.LoadSettings",
            "sun.nio.cs.",
            "tools.jackson.core.json.JsonFactory",
            "tools.jackson.core.sym.BinaryNameMatcher");

    /** Fields that this test cannot recognize as constant, with the reason why they are harmless. */
    private static final Map<String, String> EXCUSED = Map.ofEntries(
            Map.entry("org.atex.jsonl.JsonLinesOptions.DEFAULTS", "its methods return changed copies"),
            Map.entry("org.atex.ssh.SshOptions.DEFAULTS", "its methods return changed copies"),
            Map.entry("org.atex.allure.AllureOptions.DEFAULTS", "its methods return changed copies"),
            Map.entry("org.atex.ci.CiOptions.DEFAULTS", "its methods return changed copies"),
            Map.entry("org.atex.findings.FindingsOptions.DEFAULTS", "its methods return changed copies"),
            Map.entry("org.atex.html.HtmlOptions.DEFAULTS", "its methods return changed copies"),
            Map.entry("org.atex.ctrf.CtrfOptions.DEFAULTS", "its methods return changed copies"),
            Map.entry("org.atex.opentest.EventsXml.NAMESPACES", "its class has no method that changes it"),
            Map.entry("org.atex.opentest.OpenTestOptions.DEFAULTS", "its methods return changed copies"),
            Map.entry("org.atex.tap.TapOptions.DEFAULTS", "its methods return changed copies"),
            Map.entry("org.atex.junitxml.JUnitXmlOptions.DEFAULTS", "its methods return changed copies"),
            Map.entry("org.atex.reportportal.ReportPortalOptions.DEFAULTS", "its methods return changed copies"),
            Map.entry(
                    "org.atex.console.StopOnSignal.RUNS",
                    "signals belong to the whole process; it is empty while no run handles them"),
            Map.entry(
                    "org.atex.artifacts.WriterLock.HELD",
                    "file locks belong to the whole process; it is empty while no lock is held"),
            Map.entry(
                    "org.atex.fmf.CacheLock.THREAD_LOCKS",
                    "file locks belong to the whole process; it is empty while no lock is held"),
            Map.entry("org.atex.fmf.tree.Sequence.EMPTY", "an empty sequence has no elements to resolve"),
            Map.entry("org.atex.fmf.tree.ConditionParser.DEFINED", "a pattern that caches a computed value"),
            Map.entry("org.atex.fmf.tree.ConditionParser.COMPARISON", "a pattern that caches a computed value"),
            Map.entry("org.atex.fmf.tree.ConditionParser.LITERAL", "a pattern that caches a computed value"),
            Map.entry(
                    "org.atex.local.ProcessSearch.ORPHANS",
                    "orphans belong to the whole machine; it only caches processes of other programs"),
            Map.entry(
                    "org.atex.local.ProcessTree.SESSIONS",
                    "processes belong to the whole program; it is empty while no command runs"),
            Map.entry(
                    "org.atex.local.ProcessTree.ROOTS",
                    "processes belong to the whole program; it is empty while no command runs"),
            Map.entry(
                    "org.atex.local.Launcher.LAUNCHERS", "the marks of processes must be unique in the whole program"),
            Map.entry("org.atex.local.Proc.READERS", "it is empty outside of tests"));

    private static Stream<JavaField> staticFields() {
        return ArchitectureTest.CLASSES.stream()
                .flatMap(type -> type.getFields().stream())
                .filter(field -> field.getModifiers().contains(JavaModifier.STATIC))
                .filter(field -> !field.getModifiers().contains(JavaModifier.SYNTHETIC));
    }

    @Test
    void staticFieldsAreFinal() {
        assertThat(staticFields().filter(field -> !field.getModifiers().contains(JavaModifier.FINAL)))
                .isEmpty();
    }

    @Test
    void staticFieldsHoldConstants() throws ReflectiveOperationException {
        List<String> variable = new ArrayList<>();
        for (JavaField field : staticFields().toList()) {
            if (!field.getRawType().isPrimitive() && !isConstant(field)) {
                variable.add(field.getFullName());
            }
        }
        assertThat(variable)
                .as("static fields whose values can change; remove entries of EXCUSED that no longer exist")
                .containsExactlyInAnyOrderElementsOf(EXCUSED.keySet());
    }

    private static boolean isConstant(JavaField field) throws ReflectiveOperationException {
        Field reflected = Class.forName(field.getOwner().getName()).getDeclaredField(field.getName());
        reflected.setAccessible(true);
        if (reflected.getType().getName().equals("org.slf4j.Logger")) {
            return true;
        }
        if (reflected.getType().isArray()) {
            return Modifier.isPrivate(reflected.getModifiers()); // the class itself does not change it
        }
        return isConstant(reflected.get(null), 0);
    }

    private static boolean isConstant(Object value, int depth) throws ReflectiveOperationException {
        if (value == null
                || value instanceof Enum<?>
                || value instanceof Path
                || value instanceof File
                || value instanceof URI
                || value instanceof HexFormat) {
            return true;
        }
        Class<?> type = value.getClass();
        return CONSTANT.stream().anyMatch(type.getName()::startsWith)
                || type.isHidden() // a lambda, which captures no mutable state in a static field
                || type.getName().startsWith("org.atex.") && depth < 5 && hasConstantFields(value, type, depth + 1);
    }

    private static boolean hasConstantFields(Object value, Class<?> type, int depth)
            throws ReflectiveOperationException {
        for (Field field : type.getDeclaredFields()) {
            field.setAccessible(true);
            if (!Modifier.isStatic(field.getModifiers())
                    && !(Modifier.isFinal(field.getModifiers())
                            && (field.getType().isPrimitive() || isConstant(field.get(value), depth)))) {
                return false;
            }
        }
        return true;
    }
}

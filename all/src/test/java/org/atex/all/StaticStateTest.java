package org.atex.all;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
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

/** Two runs in one JVM share nothing: what is static never changes. */
class StaticStateTest {
    /** Types of which nobody can change a value, by the beginnings of their names. */
    private static final List<String> CONSTANT = List.of(
            "java.lang.",
            "java.math.",
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
            "tools.jackson.core.json.JsonFactory");

    /** What this test cannot see to be constant, and why it is. */
    private static final Map<String, String> EXCUSED = Map.ofEntries(
            Map.entry("org.atex.jsonl.JsonLinesOptions.DEFAULTS", "its methods change copies only"),
            Map.entry("org.atex.ssh.SshOptions.DEFAULTS", "its methods change copies only"),
            Map.entry("org.atex.junitxml.JUnitXmlOptions.DEFAULTS", "its methods change copies only"),
            Map.entry(
                    "org.atex.adhoc.StopOnSignal.RUNS",
                    "signals are the whole process's; it is empty while no run handles them"),
            Map.entry(
                    "org.atex.artifacts.WriterLock.HELD",
                    "file locks are the whole process's; it is empty while nobody holds one"),
            Map.entry(
                    "org.atex.fmf.CacheLock.THREADS",
                    "file locks are the whole process's; it is empty while nobody holds one"),
            Map.entry("org.atex.fmf.tree.Sequence.EMPTY", "an empty one is its own origin and has nothing to settle"),
            Map.entry("org.atex.fmf.tree.ConditionParser.DEFINED", "a pattern that keeps what it has computed once"),
            Map.entry("org.atex.fmf.tree.ConditionParser.COMPARISON", "a pattern that keeps what it has computed once"),
            Map.entry("org.atex.fmf.tree.ConditionParser.LITERAL", "a pattern that keeps what it has computed once"),
            Map.entry(
                    "org.atex.local.ProcessSearch.ORPHANS",
                    "orphans are the whole machine's; it only remembers which are strangers"),
            Map.entry(
                    "org.atex.local.ProcessTree.SESSIONS",
                    "processes are the whole program's; it is empty while no command runs"),
            Map.entry("org.atex.local.Launcher.LAUNCHERS", "marks of processes must differ in the whole program"),
            Map.entry("org.atex.local.Proc.READERS", "it is empty, but in a test"));

    private static Stream<JavaField> staticFields() {
        return new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("org.atex").stream()
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
                .as("static fields whose values can change; what is excused for a reason and no longer there goes too")
                .containsExactlyInAnyOrderElementsOf(EXCUSED.keySet());
    }

    private static boolean isConstant(JavaField field) throws ReflectiveOperationException {
        Field reflected = Class.forName(field.getOwner().getName()).getDeclaredField(field.getName());
        reflected.setAccessible(true);
        if (reflected.getType().getName().equals("org.slf4j.Logger")) {
            return true;
        }
        if (reflected.getType().isArray()) {
            return Modifier.isPrivate(reflected.getModifiers()); // then the class itself leaves it alone
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
                || type.isHidden() // a lambda; one in a static field captures nothing that changes
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

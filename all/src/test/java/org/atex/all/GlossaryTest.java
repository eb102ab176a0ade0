package org.atex.all;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks that public names follow {@code docs/glossary.md}. */
class GlossaryTest {
    /** Words that names must not use, with the words to use instead. */
    private static final Map<Pattern, String> REPLACED = Map.of(
            Pattern.compile("(with)?\\w*[tT]imeout"), "…Within",
            Pattern.compile("tries|retries"), "maxAttempts",
            Pattern.compile("upTo|atOnce|cap|capacity"), "max…, such as maxSystems",
            Pattern.compile("backoff|pause"), "…Delay",
            Pattern.compile("get[A-Z]\\w*"), "the noun alone",
            Pattern.compile("\\w+InMillis|\\w+Seconds"), "a Duration");

    private static Stream<JavaClass> publicTypes() {
        return ArchitectureTest.CLASSES.stream()
                .filter(type -> !type.getPackageName().startsWith("org.atex.testkit"))
                .filter(GlossaryTest::isPublic);
    }

    private static boolean isPublic(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC)
                && type.getEnclosingClass().map(GlossaryTest::isPublic).orElse(true);
    }

    private static Stream<JavaMethod> publicMethods(JavaClass type) {
        return type.getMethods().stream()
                .filter(method -> method.getModifiers().contains(JavaModifier.PUBLIC))
                .filter(method -> !method.getModifiers().contains(JavaModifier.SYNTHETIC));
    }

    private static boolean isBuilder(JavaClass type) {
        return type.getSimpleName().equals("Builder");
    }

    @Test
    void buildersHaveBuilderAndBuildMethods() {
        List<JavaClass> builders = publicTypes().filter(GlossaryTest::isBuilder).toList();
        assertThat(builders).isNotEmpty();
        for (JavaClass builder : builders) {
            assertThat(publicMethods(builder).map(JavaMethod::getName))
                    .as(builder.getName())
                    .contains("build");
        }
        assertThat(publicTypes()
                        .flatMap(GlossaryTest::publicMethods)
                        .filter(method -> method.getModifiers().contains(JavaModifier.STATIC))
                        .filter(method -> isBuilder(method.getRawReturnType())))
                .as("static methods that return a builder")
                .isNotEmpty()
                .allMatch(method -> method.getName().equals("builder"));
    }

    @Test
    void optionsHaveADefaultsMethod() {
        List<JavaClass> options = publicTypes()
                .filter(type -> type.getSimpleName().endsWith("Options"))
                .toList();
        assertThat(options).isNotEmpty();
        assertThat(options)
                .allMatch(type -> type.tryGetMethod("defaults")
                        .filter(method -> method.getModifiers().contains(JavaModifier.STATIC))
                        .isPresent());
    }

    @Test
    void namesUseTheWordsOfTheGlossary() {
        List<String> wrong = publicTypes()
                .flatMap(GlossaryTest::publicMethods)
                .flatMap(method -> REPLACED.entrySet().stream()
                        .filter(entry ->
                                entry.getKey().matcher(method.getName()).matches())
                        .map(entry -> method.getFullName() + ": the glossary says " + entry.getValue()))
                .sorted()
                .toList();
        assertThat(wrong).isEmpty();
    }

    @Test
    void typesOfTheGlossaryExist() throws IOException {
        Path glossary = Sources.root().resolve("docs/glossary.md");
        Set<String> types = ArchitectureTest.CLASSES.stream()
                .map(JavaClass::getSimpleName)
                .collect(Collectors.toCollection(HashSet::new));
        List<String> named = Files.readAllLines(glossary).stream()
                .filter(line -> line.startsWith("|") && line.split("\\|").length == 4)
                .map(line -> line.split("\\|")[3])
                .flatMap(cell -> Pattern.compile("`([A-Z]\\w*)").matcher(cell).results())
                .map((MatchResult match) -> match.group(1))
                .toList();
        assertThat(named).hasSizeGreaterThan(20);
        assertThat(types).as("types that docs/glossary.md names").containsAll(named);
    }

    @Test
    void publicNamesDoNotHideCommonJdkTypes() {
        Set<String> allowed = Set.of("Executor"); // docs/decisions/0016-executor-keeps-its-name.md
        List<String> packages = List.of(
                "java.lang.",
                "java.util.",
                "java.util.concurrent.",
                "java.util.concurrent.locks.",
                "java.nio.file.",
                "java.time.");
        assertThat(publicTypes()
                        .filter(type -> type.getEnclosingClass().isEmpty())
                        .map(JavaClass::getSimpleName)
                        .filter(name -> !allowed.contains(name))
                        .filter(name -> packages.stream().anyMatch(in -> isType(in + name))))
                .isEmpty();
    }

    private static boolean isType(String name) {
        try {
            Class.forName(name, false, GlossaryTest.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }
}

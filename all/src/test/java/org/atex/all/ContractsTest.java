package org.atex.all;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whatever is public and implements an interface of the api has passed its contract. */
class ContractsTest {
    private static final Map<String, String> CONTRACTS = Map.of(
            "org.atex.api.Connection", "ConnectionContract",
            "org.atex.api.Executor", "ExecutorContract",
            "org.atex.api.Executor$Factory", "ExecutorContract",
            "org.atex.api.Provisioner", "ProvisionerContract",
            "org.atex.api.Aggregator", "AggregatorContract",
            "org.atex.api.Orchestrator", "OrchestratorContract");

    private static final Pattern MODULE = Pattern.compile("<module>([^<]+)</module>");
    private static final Pattern SUBCLASS = Pattern.compile("\\bclass (\\w+)(?:<[^{]*>)?\\s+extends (\\w+)");
    private static final Pattern NO_CODE =
            Pattern.compile("/\\*.*?\\*/|//[^\\n]*|^(import|package) [^;]*;", Pattern.DOTALL | Pattern.MULTILINE);

    /** An implementation, and the contract that it must pass. */
    private record Duty(String module, String type, String contract) {
        String simpleName() {
            return type.replaceFirst(".*[.$]", "");
        }

        String mending() {
            String test = simpleName() + "ContractTest";
            return type + " has not passed " + contract + ": add a class " + test + " extends " + contract + " (of"
                    + " org.atex.testkit) whose methods make a " + simpleName() + ", as " + module + "/src/test/java/"
                    + type.replaceFirst("\\w+$", "").replace('.', '/') + test + ".java";
        }
    }

    /** A class of the tests: what it extends, and the code of its file. */
    private record TestClass(String name, String superclass, String code) {}

    /** All of them that are built, not only those that this module depends on. */
    private static Set<String> modules() throws IOException {
        return MODULE.matcher(Files.readString(Sources.root().resolve("pom.xml")))
                .results()
                .map(module -> module.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static List<Duty> duties = List.of();
    private static Map<String, TestClass> testClasses = Map.of();

    @BeforeAll
    static void look() throws IOException {
        duties = duties();
        testClasses = testClasses();
    }

    private static List<Duty> duties() throws IOException {
        List<Duty> duties = new ArrayList<>();
        for (String module : modules()) {
            Path home = Sources.root().resolve(module);
            if (Files.exists(home.resolve("src/main/java/module-info.java"))) {
                duties.addAll(duties(module, home.resolve("target/classes")));
            }
        }
        return duties;
    }

    private static List<Duty> duties(String module, Path classes) throws IOException {
        Path descriptor = classes.resolve("module-info.class");
        assertThat(descriptor)
                .as("the classes of " + module + ": have 'all' depend on it, so that it is built before")
                .exists();
        Set<String> exported;
        try (InputStream in = Files.newInputStream(descriptor)) {
            exported = ModuleDescriptor.read(in).exports().stream()
                    .map(ModuleDescriptor.Exports::source)
                    .collect(Collectors.toSet());
        }
        List<Duty> duties = new ArrayList<>();
        for (JavaClass type : new ClassFileImporter().importPath(classes)) {
            if (exported.contains(type.getPackageName()) && isPublic(type) && isConcrete(type)) {
                CONTRACTS.forEach((known, contract) -> {
                    if (type.isAssignableTo(known)) {
                        duties.add(new Duty(module, type.getName(), contract));
                    }
                });
            }
        }
        return duties;
    }

    private static boolean isPublic(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC)
                && type.getEnclosingClass().map(ContractsTest::isPublic).orElse(true);
    }

    private static boolean isConcrete(JavaClass type) {
        return !type.isInterface() && !type.getModifiers().contains(JavaModifier.ABSTRACT);
    }

    private static Map<String, TestClass> testClasses() throws IOException {
        Map<String, TestClass> found = new HashMap<>();
        for (Path file : Sources.java()) {
            if (file.toString().contains("/src/test/java/")) {
                String code = NO_CODE.matcher(Files.readString(file)).replaceAll("");
                for (MatchResult type : SUBCLASS.matcher(code).results().toList()) {
                    // Only what a file is named after: others may help, but nobody runs them.
                    if (file.endsWith(type.group(1) + ".java")) {
                        found.put(
                                file.getParent() + "/" + type.group(1),
                                new TestClass(type.group(1), type.group(2), code));
                    }
                }
            }
        }
        return found;
    }

    /** {@return whether a test runs that contract on what it, or a superclass that it has beside it, makes} */
    private static boolean isPassed(Duty duty) {
        return testClasses.entrySet().stream()
                .filter(entry -> entry.getKey().endsWith("Test"))
                .anyMatch(entry -> {
                    String directory = entry.getKey().replaceFirst("[^/]*$", "");
                    StringBuilder code = new StringBuilder();
                    Optional<TestClass> type = Optional.of(entry.getValue());
                    String superclass = "";
                    while (type.isPresent()) {
                        code.append(type.get().code());
                        superclass = type.get().superclass();
                        type = Optional.ofNullable(testClasses.get(directory + superclass));
                    }
                    return superclass.equals(duty.contract())
                            && Pattern.compile("\\b" + duty.simpleName() + "\\b")
                                    .matcher(code)
                                    .find();
                });
    }

    @Test
    void whateverIsPublicHasPassedItsContract() {
        assertThat(duties.stream().filter(duty -> !isPassed(duty)).map(Duty::mending))
                .as("implementations that no contract test makes")
                .isEmpty();
    }

    @Test
    void implementationsAreFound() {
        assertThat(duties.stream().map(Duty::contract)).containsAll(Set.copyOf(CONTRACTS.values()));
        assertThat(duties.stream().map(Duty::simpleName))
                .contains("LocalConnection", "CommandExecutor", "FakeExecutors", "LocalProvisioner", "FanOut");
    }

    @Test
    void whatNoContractTestMakesIsNotPassed() {
        assertThat(isPassed(new Duty("somewhere", "org.atex.somewhere.NewConnection", "ConnectionContract")))
                .isFalse();
        assertThat(isPassed(new Duty("provision-local", "org.atex.local.LocalConnection", "AggregatorContract")))
                .isFalse();
    }
}

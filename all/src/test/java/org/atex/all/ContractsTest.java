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

/**
 * Checks that each public implementation of an interface of the api has a test that extends the contract class of this
 * interface.
 */
class ContractsTest {
    private static final Map<String, String> CONTRACTS = Map.of(
            "org.atex.api.Connection", "ConnectionContract",
            "org.atex.api.Executor", "ExecutorContract",
            "org.atex.api.Executor$Factory", "ExecutorContract",
            "org.atex.api.Provisioner", "ProvisionerContract",
            "org.atex.api.Aggregator", "AggregatorContract",
            "org.atex.api.Orchestrator", "OrchestratorContract");

    /**
     * Implementations whose contract test is run by hand, with {@code -Dtest}: each rule waits for several machines that are
     * emulated, or for allocations of a cluster. The name of the test ends with {@code IT}.
     */
    private static final Set<String> BY_HAND =
            Set.of("LibvirtProvisioner", "SharedDomainsProvisioner", "SlurmProvisioner");

    private static final Pattern MODULE = Pattern.compile("<module>([^<]+)</module>");
    private static final Pattern SUBCLASS = Pattern.compile("\\bclass (\\w+)(?:<[^{]*>)?\\s+extends (\\w+)");
    private static final Pattern NO_CODE =
            Pattern.compile("/\\*.*?\\*/|//[^\\n]*|^(import|package) [^;]*;", Pattern.DOTALL | Pattern.MULTILINE);

    /** An implementation, and the contract class for it. */
    private record Obligation(String module, String type, String contract) {
        String simpleName() {
            return type.replaceFirst(".*[.$]", "");
        }

        String advice() {
            String test = simpleName() + "ContractTest";
            return type + " has no test of " + contract + ": add a class " + test + " extends " + contract + " (of"
                    + " org.atex.testkit) whose methods create a " + simpleName() + ", as " + module
                    + "/src/test/java/" + type.replaceFirst("\\w+$", "").replace('.', '/') + test + ".java";
        }
    }

    /** A test class: its superclass, and the source code of its file. */
    private record TestClass(String name, String superclass, String code) {}

    /** Returns all modules of the build, including those that this module does not depend on. */
    private static Set<String> modules() throws IOException {
        return MODULE.matcher(Files.readString(Sources.root().resolve("pom.xml")))
                .results()
                .map(module -> module.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static List<Obligation> obligations = List.of();
    private static Map<String, TestClass> testClasses = Map.of();

    @BeforeAll
    static void readClasses() throws IOException {
        obligations = obligations();
        testClasses = testClasses();
    }

    private static List<Obligation> obligations() throws IOException {
        List<Path> classes = new ArrayList<>();
        Map<String, String> modules = new HashMap<>(); // by exported package
        for (String module : modules()) {
            Path home = Sources.root().resolve(module);
            if (Files.exists(home.resolve("src/main/java/module-info.java"))) {
                classes.add(home.resolve("target/classes"));
                exports(module, classes.getLast()).forEach(exported -> modules.put(exported, module));
            }
        }
        List<Obligation> obligations = new ArrayList<>();
        // All at once, since each import reads the classes of the JDK and of the libraries again.
        for (JavaClass type : new ClassFileImporter().importPaths(classes)) {
            String module = modules.get(type.getPackageName());
            if (module != null && isPublic(type) && isConcrete(type)) {
                CONTRACTS.forEach((known, contract) -> {
                    if (type.isAssignableTo(known)) {
                        obligations.add(new Obligation(module, type.getName(), contract));
                    }
                });
            }
        }
        return obligations;
    }

    private static List<String> exports(String module, Path classes) throws IOException {
        Path descriptor = classes.resolve("module-info.class");
        assertThat(descriptor)
                .as("the classes of " + module + "; add it as a dependency of 'all', so that it is built first")
                .exists();
        try (InputStream in = Files.newInputStream(descriptor)) {
            return ModuleDescriptor.read(in).exports().stream()
                    .map(ModuleDescriptor.Exports::source)
                    .toList();
        }
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
                    // Only the class that the file is named after: JUnit does not run the others.
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

    /**
     * {@return whether a contract test uses the implementation, in its own code or in that of a superclass in the same
     * directory}
     */
    private static boolean isTested(Obligation obligation) {
        String end = BY_HAND.contains(obligation.simpleName()) ? "ContractIT" : "Test";
        return testClasses.entrySet().stream()
                .filter(entry -> entry.getKey().endsWith(end))
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
                    return superclass.equals(obligation.contract())
                            && Pattern.compile("\\b" + obligation.simpleName() + "\\b")
                                    .matcher(code)
                                    .find();
                });
    }

    @Test
    void publicImplementationsHaveContractTests() {
        assertThat(obligations.stream()
                        .filter(obligation -> !isTested(obligation))
                        .map(Obligation::advice))
                .as("implementations without a contract test")
                .isEmpty();
    }

    @Test
    void implementationsAreFound() {
        assertThat(obligations.stream().map(Obligation::contract)).containsAll(Set.copyOf(CONTRACTS.values()));
        assertThat(obligations.stream().map(Obligation::simpleName))
                .contains("LocalConnection", "CommandExecutor", "FakeExecutors", "LocalProvisioner", "FanOut");
    }

    @Test
    void missingContractTestsAreFound() {
        assertThat(isTested(new Obligation("somewhere", "org.atex.somewhere.NewConnection", "ConnectionContract")))
                .isFalse();
        assertThat(isTested(new Obligation("provision-local", "org.atex.local.LocalConnection", "AggregatorContract")))
                .isFalse();
    }
}

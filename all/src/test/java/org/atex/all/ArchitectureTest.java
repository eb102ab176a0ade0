package org.atex.all;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.conditions.ArchConditions.callCodeUnitWhere;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.api.AtexException;
import org.atex.api.Connection;
import org.atex.api.Preview;
import org.atex.api.Stable;
import org.junit.jupiter.api.Test;

/** Checks the dependencies between modules, and calls that no module may make. */
class ArchitectureTest {
    private static final String PREFIX = "org.atex.";
    static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.atex");

    /** The packages below {@code org.atex}, each with the other packages that it may depend on. */
    private static final Map<String, Set<String>> ALLOWED = new TreeMap<>(Map.ofEntries(
            Map.entry("api", Set.of()),
            Map.entry("support", Set.of("api")),
            Map.entry("http", Set.of("support")),
            Map.entry("artifacts", Set.of("api", "support")),
            Map.entry("provision", Set.of("api", "support")),
            Map.entry("local", Set.of("api", "provision", "support")),
            Map.entry("podman", Set.of("api", "provision", "support")),
            Map.entry("command", Set.of("api", "artifacts")),
            Map.entry("console", Set.of("api", "artifacts", "support")),
            // It shows findings where CI services show them.
            Map.entry("ci", Set.of("api", "artifacts", "findings", "support")),
            Map.entry("findings", Set.of("api", "artifacts", "support")),
            Map.entry("fmf", Set.of("api", "artifacts", "support")),
            Map.entry("interleave", Set.of("api", "support")),
            Map.entry("scenario", Set.of("api", "artifacts", "support")),
            Map.entry("allure", Set.of("api", "artifacts")),
            Map.entry("ctrf", Set.of("api", "artifacts")),
            Map.entry("jsonl", Set.of("api", "artifacts")),
            Map.entry("opentest", Set.of("api", "artifacts")),
            Map.entry("tap", Set.of("api", "artifacts")),
            Map.entry("html", Set.of("api", "artifacts", "support")),
            Map.entry("junit", Set.of("api", "artifacts", "support")),
            Map.entry("opentelemetry", Set.of("api", "artifacts")),
            Map.entry("junitxml", Set.of("api", "artifacts")),
            Map.entry("pytest", Set.of("api", "artifacts", "support")),
            Map.entry("reportportal", Set.of("api", "artifacts", "http", "support")),
            Map.entry("adhoc", Set.of("api", "artifacts", "support")),
            Map.entry("ssh", Set.of("api", "http", "provision", "support")),
            // Its submit host may be this machine, and its nodes are reached by ssh.
            Map.entry("slurm", Set.of("api", "local", "provision", "ssh", "support")),
            // Its virtual machines are reached by ssh.
            Map.entry("libvirt", Set.of("api", "artifacts", "provision", "ssh", "support")),
            // The machines of this reservation service are ssh hosts.
            Map.entry("testingfarm", Set.of("api", "http", "provision", "ssh", "support")),
            Map.entry("testkit", Set.of("api"))));

    private static final Set<String> GENERIC = Set.of(
            Throwable.class.getName(),
            Exception.class.getName(),
            RuntimeException.class.getName(),
            Error.class.getName());

    private static String[] packages(Stream<String> names) {
        return names.map(name -> PREFIX + name + "..").toArray(String[]::new);
    }

    @Test
    void everyPackageHasAllowedDependencies() {
        Set<String> packages = CLASSES.stream()
                .map(type -> type.getPackageName().substring(PREFIX.length()).split("\\.")[0])
                .collect(Collectors.toSet());
        assertThat(packages)
                .as("packages below org.atex; add a new one to ALLOWED, with the packages that it may depend on")
                .isEqualTo(ALLOWED.keySet());
    }

    @Test
    void packagesDependOnAllowedPackagesOnly() {
        ALLOWED.forEach((name, allowed) -> {
            Set<String> others = new HashSet<>(ALLOWED.keySet());
            others.removeAll(allowed);
            others.remove(name);
            noClasses()
                    .that()
                    .resideInAPackage(PREFIX + name + "..")
                    .should()
                    .dependOnClassesThat(resideInAnyPackage(packages(others.stream())))
                    .because(name + " may depend on " + allowed + " only")
                    .check(CLASSES);
        });
    }

    @Test
    void delegatingConnectionsOverrideIsThisMachine() {
        List<JavaClass> delegating = CLASSES.stream()
                .filter(type -> type.isAssignableTo(Connection.class))
                .filter(type -> type.getFields().stream()
                        .anyMatch(field -> field.getRawType().isAssignableTo(Connection.class)))
                .toList();
        assertThat(delegating)
                .as("connections that delegate to another one; the default of isThisMachine() is false, and executors"
                        + " would change the local machine")
                .isNotEmpty()
                .allMatch(type -> type.tryGetMethod("isThisMachine").isPresent());
    }

    @Test
    void runsUseAMonotonicClock() {
        noClasses()
                .that()
                .resideInAPackage("org.atex.adhoc..")
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .because("the clock of the machine may be set during a run; use RunClock")
                .check(CLASSES);
    }

    @Test
    void apiDependsOnTheJdkOnly() {
        classes()
                .that()
                .resideInAPackage("org.atex.api..")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage("java..", "org.atex.api..", "org.jspecify.annotations.."))
                .check(CLASSES);
    }

    @Test
    void metadataLibraryDependsOnAtexExceptionAndMarksOnly() {
        classes()
                .that()
                .resideInAPackage("org.atex.fmf.tree..")
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage("java..", "org.atex.fmf.tree..", "org.jspecify.annotations..")
                                .or(type(AtexException.class))
                                .or(belongToAnyOf(Stable.class, Preview.class)))
                .because("programs use it without running tests")
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("org.atex.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void everyPackageIsNullMarked() {
        Set<JavaPackage> packages = CLASSES.stream().map(JavaClass::getPackage).collect(Collectors.toSet());
        assertThat(packages)
                .allSatisfy(known -> assertThat(known.isAnnotatedWith("org.jspecify.annotations.NullMarked"))
                        .as(known.getName() + " has a package-info with @NullMarked")
                        .isTrue());
    }

    @Test
    void exceptionsHaveSpecificTypes() {
        DescribedPredicate<JavaAccess<?>> made = describe(
                "creates a bare Throwable, Exception, RuntimeException or Error",
                access -> access.getName().equals("<init>")
                        && GENERIC.contains(access.getTargetOwner().getName())
                        && !access.getOriginOwner().isAssignableTo(Throwable.class));
        noClasses()
                .should(callCodeUnitWhere(made))
                .because("callers decide by the type of the exception")
                .check(CLASSES);
    }

    @Test
    void onlyProgressAndStopOnSignalPrint() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("org.atex.ci.CiReport")
                .and()
                .doNotHaveFullyQualifiedName("org.atex.console.Progress")
                .and()
                .doNotHaveFullyQualifiedName("org.atex.console.StopOnSignal")
                .should(ACCESS_STANDARD_STREAMS)
                .because("a library logs; only CiReport, Progress and StopOnSignal write to the terminal")
                .check(CLASSES);
    }

    @Test
    void signalsAndShutdownAreHandledOnRequestOnly() {
        DescribedPredicate<JavaAccess<?>> hooks = describe(
                "changes how the JVM ends or finds classes by name",
                access -> List.of("addShutdownHook", "exit", "halt", "forName").contains(access.getName())
                        && List.of("java.lang.Runtime", "java.lang.System", "java.lang.Class")
                                .contains(access.getTargetOwner().getName()));
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("org.atex.console.OsSignals")
                .and()
                .doNotHaveFullyQualifiedName("org.atex.testingfarm.ShutdownHook")
                .and()
                .doNotHaveFullyQualifiedName("org.atex.testkit.ResourceSnapshot")
                .should(callCodeUnitWhere(hooks))
                .because("the program decides how it ends; StopOnSignal handles signals on request, through OsSignals,"
                        + " ShutdownHook gives back machines that cost money, and ResourceSnapshot initializes a"
                        + " deprecated class that others use")
                .check(CLASSES);
        noClasses().should().dependOnClassesThat(resideInAPackage("sun..")).check(CLASSES);
        classes()
                .that()
                .haveFullyQualifiedName("org.atex.console.OsSignals")
                .should()
                .onlyHaveDependentClassesThat()
                .haveFullyQualifiedName("org.atex.console.SignalledRuns")
                .check(CLASSES);
        classes()
                .that()
                .haveFullyQualifiedName("org.atex.console.SignalledRuns")
                .should()
                .onlyHaveDependentClassesThat()
                .haveFullyQualifiedName("org.atex.console.StopOnSignal")
                .check(CLASSES);
    }

    @Test
    void noModuleUsesServiceLoader() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.ServiceLoader")
                .check(CLASSES);
    }

    /**
     * The hard keywords of Kotlin, and those of Groovy that Java does not have: a program in these languages must quote
     * such a name.
     */
    private static final Set<String> FOREIGN_KEYWORDS = Set.of(
            "as",
            "break",
            "class",
            "continue",
            "def",
            "do",
            "else",
            "false",
            "for",
            "fun",
            "if",
            "in",
            "interface",
            "is",
            "null",
            "object",
            "package",
            "return",
            "super",
            "this",
            "threadsafe",
            "throw",
            "trait",
            "true",
            "try",
            "typealias",
            "typeof",
            "val",
            "var",
            "when",
            "while");

    /** Returns the visible names of packages, types and members that are keywords. Parameters are not checked. */
    private static List<String> keywordsIn(Stream<JavaClass> types) {
        return types.filter(type -> isVisible(type.getModifiers()))
                .flatMap(type -> Stream.concat(
                        Stream.of((type.getPackageName() + "." + type.getSimpleName()).split("\\."))
                                .map(word -> type.getName() + ": " + word),
                        type.getMembers().stream()
                                .filter(member -> isVisible(member.getModifiers()))
                                .map(member -> type.getName() + ": " + member.getName())))
                .filter(name -> FOREIGN_KEYWORDS.contains(name.substring(name.indexOf(": ") + 2)))
                .distinct()
                .sorted()
                .toList();
    }

    private static boolean isVisible(Set<JavaModifier> modifiers) {
        return !modifiers.contains(JavaModifier.SYNTHETIC)
                && (modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED));
    }

    /** Returns the packages that the modules export to all other modules, according to their golden files. */
    private static Set<String> exported() throws IOException {
        Set<String> packages = new HashSet<>();
        for (Path descriptor : files(Sources.root().resolve("all/src/test/resources/modules"))) {
            Files.readAllLines(descriptor).stream()
                    .filter(line -> line.matches("exports \\S+"))
                    .forEach(line -> packages.add(line.substring("exports ".length())));
        }
        return packages;
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    @Test
    void noPublicNameIsAKeywordOfKotlinOrGroovy() throws IOException {
        Set<String> packages = exported();
        assertThat(packages).hasSizeGreaterThan(10);
        assertThat(keywordsIn(CLASSES.stream().filter(type -> packages.contains(type.getPackageName()))))
                .as("names that users of Kotlin or Groovy must quote")
                .isEmpty();
    }

    /** A type with keywords as names. */
    @SuppressWarnings("unused")
    public static final class Misnamed {
        public static final String object = "";

        public static Misnamed in(String fun) {
            return new Misnamed();
        }

        protected boolean is() {
            return true;
        }

        private void when() {}
    }

    @Test
    void keywordsAreFoundInVisibleNames() {
        JavaClasses misnamed = new ClassFileImporter().importClasses(Misnamed.class);
        assertThat(keywordsIn(misnamed.stream()))
                .extracting(name -> name.substring(name.indexOf(": ") + 2))
                .containsExactly("in", "is", "object");
    }
}

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

/** What the modules may know of each other, and what none of them does. */
class ArchitectureTest {
    private static final String HOUSE = "org.atex.";
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.atex");

    /** Each room, and which rooms it may know beside itself. */
    private static final Map<String, Set<String>> ARROWS = new TreeMap<>(Map.ofEntries(
            Map.entry("api", Set.of()),
            Map.entry("artifacts", Set.of("api")),
            Map.entry("local", Set.of("api", "artifacts")),
            Map.entry("podman", Set.of("api")),
            Map.entry("command", Set.of("api", "artifacts")),
            Map.entry("fmf", Set.of("api", "artifacts")),
            Map.entry("jsonl", Set.of("api", "artifacts")),
            Map.entry("junitxml", Set.of("api", "artifacts")),
            Map.entry("adhoc", Set.of("api", "artifacts")),
            Map.entry("ssh", Set.of("api")),
            // A reservation service hands out ssh machines.
            Map.entry("testingfarm", Set.of("api", "ssh")),
            Map.entry("testkit", Set.of("api"))));

    private static final Set<String> GENERIC = Set.of(
            Throwable.class.getName(),
            Exception.class.getName(),
            RuntimeException.class.getName(),
            Error.class.getName());

    private static String[] packages(Stream<String> rooms) {
        return rooms.map(room -> HOUSE + room + "..").toArray(String[]::new);
    }

    @Test
    void everyRoomIsOnThePlan() {
        Set<String> rooms = CLASSES.stream()
                .map(type -> type.getPackageName().substring(HOUSE.length()).split("\\.")[0])
                .collect(Collectors.toSet());
        assertThat(rooms)
                .as("the rooms of the house; a new one says here which others it may know")
                .isEqualTo(ARROWS.keySet());
    }

    @Test
    void roomsKnowOnlyThoseTheyMay() {
        ARROWS.forEach((room, known) -> {
            Set<String> others = new HashSet<>(ARROWS.keySet());
            others.removeAll(known);
            others.remove(room);
            noClasses()
                    .that()
                    .resideInAPackage(HOUSE + room + "..")
                    .should()
                    .dependOnClassesThat(resideInAnyPackage(packages(others.stream())))
                    .because(room + " may know " + known + " and no other room")
                    .check(CLASSES);
        });
    }

    @Test
    void connectionsOverOthersSayWhetherTheSystemIsThisMachine() {
        List<JavaClass> delegating = CLASSES.stream()
                .filter(type -> type.isAssignableTo(Connection.class))
                .filter(type -> type.getFields().stream()
                        .anyMatch(field -> field.getRawType().isAssignableTo(Connection.class)))
                .toList();
        assertThat(delegating)
                .as("the default would say no, and this machine would be changed")
                .isNotEmpty()
                .allMatch(type -> type.tryGetMethod("isThisMachine").isPresent());
    }

    @Test
    void aRunTakesItsTimesFromAClockThatDoesNotJump() {
        noClasses()
                .that()
                .resideInAPackage("org.atex.adhoc..")
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .because("somebody may set this machine's clock: a run asks its RunClock")
                .check(CLASSES);
    }

    @Test
    void theApiKnowsNothingButTheJdk() {
        classes()
                .that()
                .resideInAPackage("org.atex.api..")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage("java..", "org.atex.api..", "org.jspecify.annotations.."))
                .check(CLASSES);
    }

    @Test
    void theMetadataLibraryKnowsNothingButTheRootOfExceptionsAndTheMarks() {
        classes()
                .that()
                .resideInAPackage("org.atex.fmf.tree..")
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage("java..", "org.atex.fmf.tree..", "org.jspecify.annotations..")
                                .or(type(AtexException.class))
                                .or(belongToAnyOf(Stable.class, Preview.class)))
                .because("it is of use without any test that runs")
                .check(CLASSES);
    }

    @Test
    void thereAreNoCycles() {
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
    void nobodyThrowsWhatSaysNothing() {
        DescribedPredicate<JavaAccess<?>> made = describe(
                "makes a bare Throwable, Exception, RuntimeException or Error",
                access -> access.getName().equals("<init>")
                        && GENERIC.contains(access.getTargetOwner().getName())
                        && !access.getOriginOwner().isAssignableTo(Throwable.class));
        noClasses()
                .should(callCodeUnitWhere(made))
                .because("callers decide by the exception's type")
                .check(CLASSES);
    }

    @Test
    void nobodyPrintsButWhatIsThereForIt() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("org.atex.adhoc.Progress")
                .and()
                .doNotHaveFullyQualifiedName("org.atex.adhoc.StopOnSignal")
                .should(ACCESS_STANDARD_STREAMS)
                .because("a library logs; Progress and StopOnSignal are there to talk to whoever is at the terminal")
                .check(CLASSES);
    }

    @Test
    void nobodyHandlesSignalsButOnRequest() {
        DescribedPredicate<JavaAccess<?>> hooks = describe(
                "changes how the JVM ends or finds classes by name",
                access -> List.of("addShutdownHook", "exit", "halt", "forName").contains(access.getName())
                        && List.of("java.lang.Runtime", "java.lang.System", "java.lang.Class")
                                .contains(access.getTargetOwner().getName()));
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("org.atex.adhoc.OsSignals")
                .and()
                .doNotHaveFullyQualifiedName("org.atex.testingfarm.ShutdownHook")
                .should(callCodeUnitWhere(hooks))
                .because("the program is its author's; StopOnSignal, by OsSignals, is the one helper for signals, and"
                        + " machines that cost somebody money are given back whatever ends the program")
                .check(CLASSES);
        noClasses().should().dependOnClassesThat(resideInAPackage("sun..")).check(CLASSES);
        classes()
                .that()
                .haveFullyQualifiedName("org.atex.adhoc.OsSignals")
                .should()
                .onlyHaveDependentClassesThat()
                .haveFullyQualifiedName("org.atex.adhoc.SignalledRuns")
                .check(CLASSES);
        classes()
                .that()
                .haveFullyQualifiedName("org.atex.adhoc.SignalledRuns")
                .should()
                .onlyHaveDependentClassesThat()
                .haveFullyQualifiedName("org.atex.adhoc.StopOnSignal")
                .check(CLASSES);
    }

    @Test
    void nobodyFindsImplementationsByThemselves() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.ServiceLoader")
                .check(CLASSES);
    }

    /** The hard keywords of Kotlin, and those of Groovy that Java does not have: there, such a name must be quoted. */
    private static final Set<String> KEYWORDS_ELSEWHERE = Set.of(
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

    /** What users of other languages could only name in quotes: packages, types and members, not parameters. */
    private static List<String> keywordsIn(Stream<JavaClass> types) {
        return types.filter(type -> isVisible(type.getModifiers()))
                .flatMap(type -> Stream.concat(
                        Stream.of((type.getPackageName() + "." + type.getSimpleName()).split("\\."))
                                .map(word -> type.getName() + ": " + word),
                        type.getMembers().stream()
                                .filter(member -> isVisible(member.getModifiers()))
                                .map(member -> type.getName() + ": " + member.getName())))
                .filter(name -> KEYWORDS_ELSEWHERE.contains(name.substring(name.indexOf(": ") + 2)))
                .distinct()
                .sorted()
                .toList();
    }

    private static boolean isVisible(Set<JavaModifier> modifiers) {
        return !modifiers.contains(JavaModifier.SYNTHETIC)
                && (modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED));
    }

    /** The packages that the modules export to everybody, as their agreed descriptors say. */
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
                .as("names that users of Kotlin or Groovy would have to quote")
                .isEmpty();
    }

    /** With names as this project had them once, and others of that kind. */
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
    void aKeywordIsFoundWhereverUsersSeeIt() {
        JavaClasses misnamed = new ClassFileImporter().importClasses(Misnamed.class);
        assertThat(keywordsIn(misnamed.stream()))
                .extracting(name -> name.substring(name.indexOf(": ") + 2))
                .containsExactly("in", "is", "object");
    }
}

package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.lab.ChildJvm;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.json.JsonFactory;

/**
 * Runs quickstart.java, Fmf.java and Farm.java with the real JBang, from a repository with the modules of this build
 * and the libraries of Maven's local repository. JBang's launcher is a shell script that runs the command printed by
 * the Java program; here the test runs that command.
 */
@Timeout(300)
class JBangTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path SCRIPT = Path.of("quickstart.java").toAbsolutePath();
    private static final Pattern MODULE = Pattern.compile(Pattern.quote(ROOT.toString()) + "/([a-z-]+)/target/.*");
    private static final Set<String> NOT_PUBLISHED = Set.of("examples", "lab");
    private static final int TO_BE_EXECUTED = 255;

    /** As on a user's machine, the first script copies libraries into the repository, and the others find them there. */
    @TempDir
    private static Path repository;

    @TempDir
    private Path directory;

    private static String version() throws IOException {
        Matcher version =
                Pattern.compile("<version>(.*?)</version>").matcher(Files.readString(ROOT.resolve("bom/pom.xml")));
        assertThat(version.find()).isTrue();
        return version.group(1);
    }

    /** Returns Maven's local repository, as found on the class path. */
    private static Path librariesOfMaven() throws Exception {
        Path jar = Path.of(JsonFactory.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        return jar.resolve("../../../../../..").normalize();
    }

    /** Excludes logging: the output must contain the command only. */
    private static String classPathOfJBang() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("logback"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    @BeforeAll
    static void install() throws IOException {
        pom("atex-parent", ROOT.resolve("pom.xml"));
        pom("atex-bom", ROOT.resolve("bom/pom.xml"));
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Matcher module = MODULE.matcher(entry);
            if (module.matches() && !NOT_PUBLISHED.contains(module.group(1))) {
                String name = "atex-" + module.group(1);
                Path jar = pom(name, ROOT.resolve(module.group(1) + "/pom.xml"))
                        .resolveSibling(name + "-" + version() + ".jar");
                if (Files.isDirectory(Path.of(entry))) {
                    pack(Path.of(entry), jar);
                } else {
                    Files.copy(Path.of(entry), jar);
                }
            }
        }
    }

    private static Path pom(String name, Path pom) throws IOException {
        Path place = Files.createDirectories(repository.resolve("org/atex/" + name + "/" + version()));
        return Files.copy(pom, place.resolve(name + "-" + version() + ".pom"));
    }

    private static void pack(Path classes, Path jar) throws IOException {
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out);
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                entries.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                Files.copy(file, entries);
            }
        }
    }

    private Process start(List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("JBANG_DIR", directory.resolve("jbang").toString());
        builder.environment().put("JBANG_REPO", repository.toString());
        // For the programs that JBang starts.
        builder.environment().put("JAVA_TOOL_OPTIONS", String.join(" ", ChildJvm.OPTIONS));
        return builder.redirectOutput(directory.resolve("output").toFile())
                .redirectError(directory.resolve("errors").toFile())
                .start();
    }

    @Test
    void scriptNeedsOneLineOfDependencies() throws IOException {
        assertThat(Files.readAllLines(SCRIPT).stream().filter(line -> line.startsWith("//DEPS")))
                .containsExactly("//DEPS org.atex:atex-all:" + version());
    }

    /** {@return the output of a script that is started with these arguments} */
    private String run(List<String> options, Path script, String... arguments) throws Exception {
        List<String> command = ChildJvm.java();
        command.addAll(List.of(
                "-cp",
                classPathOfJBang(),
                "dev.jbang.Main",
                "run",
                "--repos",
                "libraries=" + librariesOfMaven().toUri()));
        command.addAll(options);
        command.add(script.toString());
        command.addAll(List.of(arguments));
        Process jbang = start(command);
        assertThat(jbang.waitFor(60, TimeUnit.SECONDS)).as("JBang ends").isTrue();
        String line = Files.readString(directory.resolve("output"));
        assertThat(jbang.exitValue())
                .as(line + Files.readString(directory.resolve("errors")))
                .isEqualTo(TO_BE_EXECUTED);

        Process process = start(List.of("sh", "-c", line));
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("the script ends").isTrue();
        String said = Files.readString(directory.resolve("output"));
        assertThat(process.exitValue())
                .as(said + Files.readString(directory.resolve("errors")))
                .isZero();
        return said;
    }

    @Test
    void scriptRuns() throws Exception {
        String said = run(List.of(), SCRIPT, SmallTree.in(directory).toString(), "/plans/all", "out");
        assertThat(said).contains("2 tests: 2 passed");
        assertThat(directory.resolve("out/results.jsonl")).content().contains("/one", "/two");
    }

    @Test
    void farmCommandOfTheReadmeRuns() throws Exception {
        Matcher dependencies = Pattern.compile("`jbang --deps (\\S+) Farm.java whoami`")
                .matcher(Files.readString(Path.of("README.md")));
        assertThat(dependencies.find()).isTrue();
        String said = run(
                List.of("--deps", dependencies.group(1)),
                Path.of("src/main/java/org/atex/examples/Farm.java").toAbsolutePath(),
                "--help");
        assertThat(said).contains("whoami", "composes", "reserve", "list", "cancel", "watch");
    }

    @Test
    void fmfCommandOfTheReadmeRuns() throws Exception {
        Matcher dependencies =
                Pattern.compile("`jbang --deps (\\S+) Fmf.java ls`").matcher(Files.readString(Path.of("README.md")));
        assertThat(dependencies.find()).isTrue();
        String said = run(
                List.of("--deps", dependencies.group(1)),
                Path.of("src/main/java/org/atex/examples/Fmf.java").toAbsolutePath(),
                "ls",
                "--root",
                SmallTree.in(directory).toString());
        assertThat(said.lines()).containsExactly("/one", "/two");
    }
}

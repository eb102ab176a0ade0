package org.atex.examples;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.lab.ChildJvm;
import org.atex.shipped.Uses;
import org.junit.jupiter.api.DynamicTest;

/**
 * Starts a user's program with the published files only: each module's jar with its own runtime dependencies, as
 * resolved by Maven for that module; the library folder of the examples; and the standalone jar. Uses the class path
 * and, for modules, the module path.
 */
final class Shipped {
    private static final String VERSION = System.getProperty("shipped.version");
    private static final Path MODULES = Path.of("..").toAbsolutePath().normalize();

    private final Path directory;
    private final Map<String, String> properties;
    private final List<Start> starts = new ArrayList<>();

    /** One start of the program. */
    private record Start(String name, List<String> path, List<String> uses) {}

    /**
     * Prepares starts.
     *
     * @param directory the working directory of the program
     * @param properties the system properties of the program
     */
    Shipped(Path directory, Map<String, String> properties) throws IOException {
        assumeTrue(VERSION != null, "nothing is shipped before 'mvn package'");
        this.directory = directory;
        this.properties = properties;
        copyProgram();
    }

    /** Copies the program without the other test classes, which are not published. */
    private void copyProgram() throws IOException {
        Path classes = Path.of("target/test-classes");
        Path program = classes.resolve(Uses.class.getPackageName().replace('.', '/'));
        try (Stream<Path> files = Files.list(program)) {
            for (Path file : files.toList()) {
                Path copy = directory.resolve("program").resolve(classes.relativize(file));
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
    }

    private static Path jar(String module) {
        return MODULES.resolve(module).resolve("target/atex-" + module + "-" + VERSION + ".jar");
    }

    /** {@return the name in the module descriptor of a jar} */
    private static String descriptorName(String module) {
        return ModuleFinder.of(jar(module))
                .findAll()
                .iterator()
                .next()
                .descriptor()
                .name();
    }

    /** {@return the jar of a module and its runtime dependencies} */
    static Set<String> path(String module) throws IOException {
        Set<String> path = new LinkedHashSet<>(List.of(jar(module).toString()));
        String needed = Files.readString(MODULES.resolve(module).resolve("target/runtime-path"));
        path.addAll(List.of(needed.strip().split(File.pathSeparator)));
        path.remove("");
        return path;
    }

    /** {@return the libraries of the examples} */
    static Set<String> libraries() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("target/lib"))) {
            return files.map(file -> file.toAbsolutePath().toString()).collect(Collectors.toSet());
        }
    }

    /**
     * Starts the program with a module, by class path and by module path.
     *
     * @param module the directory of the module
     * @param others further modules that the use needs
     * @param uses the uses to run
     */
    Shipped module(String module, List<String> others, String... uses) throws IOException {
        Set<String> path = path(module);
        for (String other : others) {
            path.addAll(path(other));
        }
        String joined = String.join(File.pathSeparator, path);
        String roots = Stream.concat(Stream.of(module), others.stream())
                .map(Shipped::descriptorName)
                .collect(Collectors.joining(","));
        starts.add(new Start(module + " by class path", List.of("-cp", program() + joined), List.of(uses)));
        starts.add(new Start(
                module + " by module path",
                List.of("--module-path", joined, "--add-modules", roots, "-cp", program()),
                List.of(uses)));
        return this;
    }

    /** Starts the program with the libraries of the examples, and with the standalone jar. */
    Shipped examples(String... uses) throws IOException {
        String joined = jar("examples") + File.pathSeparator + String.join(File.pathSeparator, libraries());
        starts.add(new Start("the folder of libraries", List.of("-cp", program() + joined), List.of(uses)));
        String standalone = System.getProperty("standalone.jar");
        starts.add(new Start("the standalone jar", List.of("-cp", program() + standalone), List.of(uses)));
        return this;
    }

    private String program() {
        return directory.resolve("program") + File.pathSeparator;
    }

    /** {@return a test for each start; two run at a time} */
    Stream<DynamicTest> tests() {
        ExecutorService two = Executors.newFixedThreadPool(2);
        List<DynamicTest> tests = starts.stream()
                .map(start -> {
                    CompletableFuture<String> said = CompletableFuture.supplyAsync(() -> run(start), two);
                    return DynamicTest.dynamicTest(start.name, () -> {
                        String problem = said.join();
                        if (!problem.isEmpty()) {
                            throw new AssertionError(start.name + " " + start.uses + ": " + problem);
                        }
                    });
                })
                .toList();
        two.shutdown();
        return tests.stream();
    }

    /** {@return the problem} */
    private String run(Start start) {
        Path own = directory.resolve(start.name.replace(' ', '-'));
        Path said = own.resolve("said");
        List<String> command = ChildJvm.java();
        properties.forEach((key, value) -> command.add("-D" + key + "=" + value));
        command.addAll(start.path);
        command.addAll(List.of(Uses.class.getName(), own.toString()));
        command.addAll(start.uses);
        try {
            Files.createDirectories(own);
            Process process = new ProcessBuilder(command)
                    .directory(own.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                return "it does not end:\n" + Files.readString(said);
            }
            List<String> done = start.uses.stream().map(use -> "did " + use).toList();
            String text = Files.readString(said);
            boolean all = Arrays.asList(text.split("\n", -1)).containsAll(done);
            return process.exitValue() == 0 && all ? "" : "exit code " + process.exitValue() + "\n" + text;
        } catch (IOException e) {
            return e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return e.toString();
        }
    }
}

package org.atex.lab;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Programs of npm packages, by which other tools read the reports of this project. They are installed below {@code
 * target/npm} of the module by the first test that needs them.
 *
 * <p>If npm is missing or cannot install a package, the test is skipped with the reason; with {@code
 * -Datex.required=true} it fails.
 *
 * <p>Thread safety: not thread-safe.
 */
public final class Npm {
    private static final boolean REQUIRED = Boolean.getBoolean("atex.required");

    private final Path directory;

    private Npm(Path directory) {
        this.directory = directory;
    }

    /**
     * {@return an installed package}
     *
     * @param name the name of the package
     * @param version the exact version
     * @throws IOException if a program cannot be started
     * @throws InterruptedException if interrupted
     */
    public static Npm install(String name, String version) throws IOException, InterruptedException {
        Path directory = Path.of("target/npm", name + "-" + version).toAbsolutePath();
        Path done = directory.resolve("installed");
        if (!Files.exists(done)) {
            Files.createDirectories(directory);
            String problem = problem(directory, name + "@" + version);
            if (REQUIRED && !problem.isEmpty()) {
                throw new IOException(problem);
            }
            assumeTrue(problem.isEmpty(), problem);
            Files.createFile(done);
        }
        return new Npm(directory);
    }

    private static String problem(Path directory, String wanted) throws InterruptedException {
        try {
            Output output = execute(
                    directory,
                    Path.of("/dev/null"),
                    List.of(
                            "npm",
                            "install",
                            "--prefix",
                            directory.toString(),
                            "--ignore-scripts",
                            "--no-audit",
                            "--no-fund",
                            wanted));
            return output.exitCode() == 0 ? "" : "npm could not install " + wanted + ": " + output.text();
        } catch (IOException e) {
            return "npm is missing, which this test needs to install " + wanted + ": " + e.getMessage();
        }
    }

    /**
     * The output of a program.
     *
     * @param exitCode its exit code
     * @param text its standard output and standard error
     */
    public record Output(int exitCode, String text) {}

    /**
     * Runs a program of the package.
     *
     * @param program the name of the program
     * @param arguments its arguments
     * @return its output
     * @throws IOException if it cannot be started
     * @throws InterruptedException if interrupted
     */
    public Output run(String program, String... arguments) throws IOException, InterruptedException {
        return execute(directory, Path.of("/dev/null"), command(program, arguments));
    }

    /**
     * Runs a program of the package, with a file as its standard input.
     *
     * @param input the file
     * @param program the name of the program
     * @param arguments its arguments
     * @return its output
     * @throws IOException if it cannot be started
     * @throws InterruptedException if interrupted
     */
    public Output read(Path input, String program, String... arguments) throws IOException, InterruptedException {
        return execute(directory, input, command(program, arguments));
    }

    private List<String> command(String program, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(directory.resolve("node_modules/.bin").resolve(program).toString());
        command.addAll(List.of(arguments));
        return command;
    }

    private static Output execute(Path directory, Path input, List<String> command)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile(directory, "output", null);
        try {
            Process process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectInput(input.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            try {
                if (!process.waitFor(120, TimeUnit.SECONDS)) {
                    throw new IOException(command + " did not end within 120 s");
                }
                return new Output(process.exitValue(), Files.readString(output));
            } finally {
                process.destroyForcibly();
            }
        } finally {
            Files.delete(output);
        }
    }
}

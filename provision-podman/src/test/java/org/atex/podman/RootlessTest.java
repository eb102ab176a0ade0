package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Rootless podman: a JVM and containers of the user that {@code lab/install} creates. */
@Timeout(300)
class RootlessTest {
    private static final String USER = "atex-lab";
    private static final String IMAGE = LabImage.PLAIN.reference();

    @RegisterExtension
    final Lab lab = new Lab();

    private Path directory;

    @BeforeEach
    void createDirectory() throws Exception {
        // Not in a directory of this JVM, whose parents the other user may not be able to enter.
        directory = Files.createTempDirectory(Path.of("/tmp"), "atex-rootless-");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        if (!System.getProperty("user.name").equals("root") || run("true") != 0) {
            abortTest("only root can run programs as the user " + USER + " of lab/install");
        }
        if (run("podman", "image", "exists", IMAGE) != 0) {
            abortTest("rootless podman does not work for " + USER + ", or it has no image (lab/install, lab/images): "
                    + errorOutput());
        }
    }

    private static void abortTest(String reason) {
        if (Boolean.getBoolean("atex.required")) {
            throw new AssertionError("the lab is required: " + reason);
        }
        abort("no lab: " + reason);
    }

    @AfterEach
    void deleteDirectory() throws Exception {
        run("podman", "system", "migrate"); // ends the process that keeps the user namespace alive
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /**
     * Runs a program as the other user. Its error output is available from {@link #errorOutput}. Returns the exit code.
     */
    private int run(String... program) throws IOException, InterruptedException {
        String home = new String(
                        new ProcessBuilder("getent", "passwd", USER)
                                .start()
                                .getInputStream()
                                .readAllBytes(),
                        UTF_8)
                .replaceAll("^(?:[^:]*:){5}([^:]*):[^:]*\n$", "$1");
        List<String> line = new ArrayList<>(List.of("runuser", "-u", USER, "--", "env", "HOME=" + home));
        line.add("XDG_RUNTIME_DIR=" + home);
        line.addAll(List.of(program));
        ProcessBuilder builder = new ProcessBuilder(line).directory(new File("/"));
        String settings = System.getenv("CONTAINERS_CONF");
        if (settings != null) {
            Path copy = directory.resolve("containers.conf");
            Files.writeString(copy, Files.readString(Path.of(settings)));
            permitReading(copy);
            builder.environment().put("CONTAINERS_CONF", copy.toString());
        }
        builder.redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile());
        return builder.start().waitFor();
    }

    private String errorOutput() throws IOException {
        return Files.readString(directory.resolve("err")).strip();
    }

    /** {@return a class path that the user can read} */
    private String classPath() throws IOException {
        List<String> copies = new ArrayList<>();
        String all = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        for (String entry : all.split(File.pathSeparator, -1)) {
            Path from = Path.of(entry);
            if (Files.isDirectory(from) || from.getFileName().toString().matches("(atex|slf4j-api)-.*\\.jar")) {
                Path to = directory.resolve("cp" + copies.size());
                copy(from, to);
                copies.add(to.toString());
            }
        }
        return String.join(File.pathSeparator, copies);
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : all.toList()) {
                Path target = to.resolve(from.relativize(path).toString());
                if (Files.isDirectory(path)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(path, from.equals(path) ? to : target);
                }
                permitReading(from.equals(path) ? to : target);
            }
        }
    }

    /** Lets the other user read a file or directory, which the umask of this program may deny. */
    private static void permitReading(Path file) throws IOException {
        Files.setPosixFilePermissions(
                file, PosixFilePermissions.fromString(Files.isDirectory(file) ? "rwxr-xr-x" : "rw-r--r--"));
    }

    @Test
    void rootlessContainersAreSystems() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String work = directory.resolve("work").toString();

        int code = run(java, "-cp", classPath(), RootlessRun.class.getName(), IMAGE, work);

        assertThat(code).as(errorOutput()).isZero();
        assertThat(directory.resolve("out")).hasContent("""
                there and back
                there and back
                0 1
                in
                exit code 3
                up
                exit code 1
                """);
        assertThat(run("podman", "ps", "--all", "--quiet")).isZero();
        assertThat(directory.resolve("out"))
                .as("containers that were not removed")
                .isEmptyFile();
    }
}

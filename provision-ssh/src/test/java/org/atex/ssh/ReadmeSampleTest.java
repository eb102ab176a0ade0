package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.atex.lab.OpenSsh;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The sample of the README that connects to a host of {@code ~/.ssh/config}. */
@Timeout(180)
class ReadmeSampleTest {
    private static final Pattern SAMPLE = Pattern.compile("```java( compiled)?\n(.*?)```", Pattern.DOTALL);

    @Test
    void sampleConnects(@TempDir Path directory) throws Exception {
        String sample = SAMPLE.matcher(Files.readString(Path.of("README.md")))
                .results()
                .map(MatchResult::group)
                .filter(text -> text.contains("SshConnection.open"))
                .findFirst()
                .orElseThrow()
                .replaceAll("```(java( compiled)?)?", "");
        String imports =
                sample.lines().filter(line -> line.startsWith("import ")).collect(Collectors.joining("\n"));
        String body = sample.lines().filter(line -> !line.startsWith("import ")).collect(Collectors.joining("\n"));
        Path source = Files.writeString(
                directory.resolve("Sample.java"),
                imports + "\nclass Sample { public static void main(String[] args) throws Exception {\n" + body
                        + "\n} }\n");

        try (OpenSsh server = OpenSsh.start(Files.createDirectories(directory.resolve("server")))) {
            Path home = Files.createDirectories(directory.resolve("home/.ssh"));
            Files.write(
                    home.resolve("config"),
                    List.of(
                            "Host test-machine",
                            "  HostName 127.0.0.1",
                            "  Port " + server.port(),
                            "  User " + System.getProperty("user.name"),
                            "  IdentityFile " + server.directory().resolve("id"),
                            "  UserKnownHostsFile " + server.directory().resolve("known_hosts")));
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Duser.home=" + home.getParent(),
                            "-cp",
                            System.getProperty("java.class.path")
                                    + File.pathSeparator
                                    + System.getProperty("jdk.module.path", ""),
                            source.toString())
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("output").toFile())
                    .start();
            assertThat(process.waitFor(50, TimeUnit.SECONDS))
                    .as("the sample ends")
                    .isTrue();
            assertThat(process.exitValue())
                    .as(Files.readString(directory.resolve("output")))
                    .isZero();
            assertThat(directory.resolve("output")).content().contains("hello from Linux");
        }
    }
}

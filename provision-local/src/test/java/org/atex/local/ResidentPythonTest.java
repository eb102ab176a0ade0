package org.atex.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.atex.api.Command;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same with Python in the place of bash, and what Python leaves to bash. */
class ResidentPythonTest extends ResidentShellsTest {
    @Override
    LocalConnection connect() {
        return LocalConnection.withPython();
    }

    private static String parent(LocalConnection connection) throws Exception {
        return connection
                .run(Command.bash("cat /proc/$PPID/comm"))
                .orThrow()
                .stdout()
                .strip();
    }

    @Test
    void parentIsPython() throws Exception {
        try (LocalConnection connection = connect()) {
            assertThat(parent(connection)).startsWith("python");
        }
    }

    @Test
    void shellBecomesPythonAfterSomeCommands() throws Exception {
        try (LocalConnection connection = LocalConnection.open()) {
            assertThat(parent(connection)).isEqualTo("bash");
            for (int i = 0; i < 20; i++) {
                connection.run(Command.of("true")).orThrow();
            }
            assertThat(parent(connection)).startsWith("python");
        }
    }

    @Test
    void scriptWithoutAnInterpreterRuns(@TempDir Path directory) throws Exception {
        Path script = Files.writeString(directory.resolve("script"), "echo \"$1 $OWN\"; pwd -P; exit 3");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        Command inPath = Command.of("script", "one")
                .withEnvironment("PATH", directory + ":/usr/bin:/bin")
                .withEnvironment("OWN", "two");
        Command inDirectory = Command.of("./script", "one").withDirectory(directory.toString());
        try (LocalConnection connection = connect()) {
            for (int i = 0; i < 3; i++) {
                assertThat(connection.run(inPath).stdout()).startsWith("one two\n");
                assertThat(connection.run(inDirectory).stdout()).isEqualTo("one \n" + directory.toRealPath() + "\n");
                assertThat(connection.run(Command.of("pwd")).stdout().strip())
                        .isEqualTo(Path.of("").toRealPath().toString());
            }
            assertThat(connection.run(Command.of("no-such-program")).stderr()).contains("no-such-program");
            assertThat(parent(connection)).startsWith("python");
        }
    }

    @Test
    void whatPythonRefusesStartsNoFurtherPython() throws Exception {
        Command parent = Command.bash("echo $PPID");
        try (LocalConnection connection = LocalConnection.open()) {
            for (int i = 0; i < 30; i++) {
                connection.run(Command.of("true")).orThrow();
            }
            String python = connection.run(parent).orThrow().stdout();
            for (int i = 0; i < 50; i++) {
                assertThat(connection.run(Command.of("no-such-program")).succeeded())
                        .isFalse();
                assertThat(connection.run(parent).stdout()).isEqualTo(python);
            }
        }
    }
}

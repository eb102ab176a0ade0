package org.atex.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class AsciiCommandTest {
    private static final String ALL = "\u00fc\u20ac'\"\\ $x\n1\u0001\u00e92";

    @Test
    void encodedCommandIsEquivalent(@TempDir Path directory) throws Exception {
        Path subdirectory = Files.createDirectory(directory.resolve("o-\u00fc"));
        Command command = Command.bash("printf '%s|' \"$@\" \"$WHO\"; pwd", ALL, "", "-x")
                .withEnvironment("WHO", ALL)
                .withDirectory(subdirectory.toString());
        Command encoded = AsciiCommand.encoded(command);

        assertThat(StandardCharsets.US_ASCII.newEncoder().canEncode(String.join("", encoded.arguments())))
                .isTrue();
        try (LocalConnection connection = LocalConnection.open()) {
            assertThat(connection.run(encoded).stdout())
                    .isEqualTo(connection.run(command).stdout())
                    .isEqualTo(ALL + "||-x|" + ALL + "|" + subdirectory + "\n");
            assertThat(connection
                            .run(AsciiCommand.encoded(Command.of("no-such-program-\u00fc")))
                            .end()
                            .shellCode())
                    .isEqualTo(127);
            CommandResult missingDirectory =
                    connection.run(AsciiCommand.encoded(Command.of("true").withDirectory("/nowhere")));
            assertThat(missingDirectory.end().shellCode()).isEqualTo(125);
            assertThat(missingDirectory.stderr()).contains("/nowhere");
        }
    }

    @Test
    void commandIsUnchangedIfJvmEncodesUtf8() {
        Command command = Command.of("echo", "ascii");

        assertThat(AsciiCommand.forThisJvm(command)).isSameAs(command);
    }
}

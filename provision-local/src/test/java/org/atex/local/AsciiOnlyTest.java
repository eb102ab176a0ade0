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

@Timeout(60)
class AsciiOnlyTest {
    private static final String ALL = "\u00fc\u20ac'\"\\ $x\n1\u0001\u00e92";

    @Test
    void asciiWordsComeToTheSame(@TempDir Path directory) throws Exception {
        Path place = Files.createDirectory(directory.resolve("o-\u00fc"));
        Command command = Command.bash("printf '%s|' \"$@\" \"$WHO\"; pwd", ALL, "", "-x")
                .withEnvironment("WHO", ALL)
                .withDirectory(place.toString());
        Command worded = AsciiOnly.worded(command);

        assertThat(StandardCharsets.US_ASCII.newEncoder().canEncode(String.join("", worded.arguments())))
                .isTrue();
        try (LocalConnection connection = LocalConnection.open()) {
            assertThat(connection.run(worded).stdout())
                    .isEqualTo(connection.run(command).stdout())
                    .isEqualTo(ALL + "||-x|" + ALL + "|" + place + "\n");
            assertThat(connection
                            .run(AsciiOnly.worded(Command.of("no-such-program-\u00fc")))
                            .end()
                            .shellCode())
                    .isEqualTo(127);
            CommandResult nowhere =
                    connection.run(AsciiOnly.worded(Command.of("true").withDirectory("/nowhere")));
            assertThat(nowhere.end().shellCode()).isEqualTo(125);
            assertThat(nowhere.stderr()).contains("/nowhere");
        }
    }

    @Test
    void commandIsLeftAloneWhereJavaSpeaksUtf8() {
        Command command = Command.of("echo", "ascii");

        assertThat(AsciiOnly.unlessEncodable(command)).isSameAs(command);
    }
}

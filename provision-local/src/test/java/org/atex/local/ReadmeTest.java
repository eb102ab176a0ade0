package org.atex.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Offer;
import org.atex.api.Remote;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The sample of the README: the same lines, compiled and run. */
@Timeout(60)
@SuppressWarnings("SystemOut") // as samples do
class ReadmeTest {
    @Test
    void sampleRuns() throws Exception {
        // sample
        try (var connection = LocalConnection.open()) {
            CommandResult result = connection.run(Command.bash("echo hello; exit 3"));
            System.out.println(result.end() + ": " + result.stdout());
        }
        try (var provisioner = LocalProvisioner.upTo(4)) {
            provisioner.provision(1);
            if (provisioner.take(Duration.ofSeconds(1)) instanceof Offer.Ready ready) {
                try (Remote remote = ready.remote()) {
                    System.out.println(remote.name() + " " + remote.labels());
                }
            }
        }
        // end
    }

    @Test
    void sampleIsTheOneAbove() throws Exception {
        String readme = Files.readString(Path.of("README.md"));
        String source = Files.readString(Path.of("src/test/java/org/atex/local/ReadmeTest.java"));
        String sample = readme.substring(readme.indexOf("```java\n") + 8, readme.indexOf("\n```\n"));
        String tested = source.substring(source.indexOf("// sample\n") + 10, source.indexOf("        // end"));

        assertThat(tested.lines().map(String::strip).toList())
                .isEqualTo(sample.lines().map(String::strip).toList());
    }
}

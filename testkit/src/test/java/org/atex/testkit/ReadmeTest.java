package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Provisioner;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The sample of the README: the same lines, compiled and run. */
class ReadmeTest {
    @Nested
    // sample
    @ExtendWith(LeakCheck.class)
    class MyProvisionerContractTest extends ProvisionerContract {
        @Override
        protected Provisioner open() {
            return FakeProvisioner.of(FakeSystem.ready()).upTo(3);
        }

        @Override
        protected int cap() {
            return 3;
        }
    }
    // end

    @Test
    void sampleIsTheOneAbove() throws Exception {
        String readme = Files.readString(Path.of("README.md"));
        String source = Files.readString(Path.of("src/test/java/org/atex/testkit/ReadmeTest.java"));
        String sample = readme.substring(readme.indexOf("```java\n") + 8, readme.indexOf("\n```\n"));
        String tested = source.substring(source.indexOf("// sample\n") + 10, source.indexOf("    // end\n"));

        assertThat(tested.lines().map(String::strip).toList())
                .isEqualTo(sample.lines().map(String::strip).toList());
    }
}

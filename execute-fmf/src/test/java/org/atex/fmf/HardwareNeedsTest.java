package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Need;
import org.atex.fmf.tree.FmfException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HardwareNeedsTest {
    @TempDir
    private Path tree;

    private FmfTests tests(String provision) throws Exception {
        Files.createDirectories(tree.resolve(".fmf"));
        Files.writeString(tree.resolve(".fmf/version"), "1\n");
        Files.writeString(tree.resolve("test.fmf"), "test: pwd\nextra-needs: {rack: '7'}\n");
        Files.writeString(tree.resolve("plan.fmf"), "discover: {how: fmf}\nprovision:\n" + provision.indent(2));
        return FmfTests.from(tree).plan("/plan").discover();
    }

    @Test
    void hardwareOfThePlanIsNeededByEachTest() throws Exception {
        FmfTests tests = tests("""
                how: virtual
                image: fedora
                hardware:
                  arch: x86_64
                  memory: '>= 8 GB'
                  and:
                  - cpu: {processors: '>= 2'}
                  - virtualization: {is-supported: true}
                """).withHardwareNeeds();
        assertThat(tests.getFirst().needs())
                .containsExactlyInAnyOrder(
                        Need.of("rack", "7"),
                        Need.of("arch", "x86_64"),
                        Need.atLeast("memory", "8 GB"),
                        Need.atLeast("cpus", "2"),
                        Need.of("virtualization", "yes"));
    }

    @Test
    void planWithoutHardwareAddsNoNeeds() throws Exception {
        assertThat(tests("how: local").withHardwareNeeds().getFirst().needs()).containsExactly(Need.of("rack", "7"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    {hardware: {memory: '< 4 GB'}}                  | hardware.memory is '< 4 GB'
                    {hardware: {memory: '>= much'}}                 | hardware.memory: the minimum
                    {hardware: {disk: [{size: 10 GB}]}}             | no label expresses hardware.disk
                    {hardware: {or: [{arch: x86_64}]}}              | no label expresses hardware.or
                    {hardware: {virtualization: {is-supported: 1}}} | is neither true nor false
                    {hardware: x86_64}                              | hardware is not a mapping
                    [{name: a}, {name: b}]                          | provision has 2 systems
                    """)
    void requirementThatNoLabelExpressesIsRefused(String provision, String why) throws Exception {
        FmfTests tests = tests(provision);
        assertThatThrownBy(tests::withHardwareNeeds)
                .isInstanceOf(FmfException.class)
                .hasMessageContaining("the needs of the plan /plan cannot be derived: ")
                .hasMessageContaining(why)
                .hasMessageContaining("FmfPlan.provision()");
    }
}

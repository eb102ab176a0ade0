package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which processor a domain has, and where its UEFI variables are. {@link FirmwareIT} boots domains with such variables. */
class DomainXmlTest {
    private static DomainXml domain(String os) throws IOException {
        return DomainXml.parse("<domain>" + os + "</domain>");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "KVM  | 9.0.0  | <cpu mode=\"host-passthrough\"/>",
                "KVM  | 5.0.0  | <cpu mode=\"host-passthrough\"/>",
                "QEMU | 7.1.0  | <cpu mode=\"maximum\"/>",
                "QEMU | 10.0.0 | <cpu mode=\"maximum\"/>",
                "QEMU | 7.0.0  | ''",
                "QEMU | ''     | ''",
            })
    void processorHasAllFeatures(DomainType type, String version, String cpu) throws IOException {
        DomainXml xml = domain("<cpu mode='host-passthrough'/><vcpu>1</vcpu>");

        xml.processor(type, version);

        assertThat(xml.toString().replaceAll("<qemu:.*</qemu:capabilities>", ""))
                .isEqualTo("<domain><vcpu>1</vcpu>" + cpu + "</domain>");
        assertThat(xml.toString().contains("<qemu:del"))
                .as("libvirt knows the name of the capability")
                .isEqualTo(version.matches("(7.1|9|10).*"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "<os><nvram>/v</nvram></os> | <os><nvram>/d/nvram</nvram></os>",
                "<os><nvram template='/t' format='qcow2'>/v</nvram></os>"
                        + "| <os><nvram format=\"qcow2\" template=\"/t\">/d/nvram</nvram></os>",
                "<os><nvram type='file'><source file='/v'/></nvram></os>"
                        + "| <os><nvram type=\"file\"><source file=\"/d/nvram\"/></nvram></os>",
            })
    void variablesAreCopied(String before, String after) throws IOException {
        DomainXml xml = domain(before);

        assertThat(xml.variables("/d")).isEqualTo("/v");

        assertThat(xml).hasToString("<domain>" + after + "</domain>");
    }

    @ParameterizedTest
    @ValueSource(strings = {"<os firmware='efi'/>", "<os><loader type='pflash'>/c</loader></os>"})
    void variablesThatLibvirtWouldPlaceAreInTheDirectory(String os) throws IOException {
        DomainXml xml = domain(os);

        assertThat(xml.variables("/d")).isEmpty();

        assertThat(xml.toString()).contains("<nvram>/d/nvram</nvram>");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<os/>",
                "<os firmware='bios'/>",
                "<os><loader type='rom'>/c</loader></os>",
                "<os><loader type='pflash' stateless='yes'>/c</loader></os>"
            })
    void otherDomainsHaveNoVariables(String os) throws IOException {
        DomainXml xml = domain(os);

        assertThat(xml.variables("/d")).isEmpty();

        assertThat(xml.toString()).doesNotContain("nvram");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "<os><nvram type='network'><source protocol='nbd' name='v'/></nvram></os> | nvram is a file",
                "<os><loader type='pflash' readonly='no'>/all</loader></os> | loader is read-only",
            })
    void variablesThatCannotBeCopiedAreRefused(String os, String wayOut) throws IOException {
        DomainXml xml = domain(os);

        assertThatThrownBy(() -> xml.variables("/d"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(wayOut);
    }
}

package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the UEFI variables of a domain are. {@link FirmwareIT} boots such domains. */
class DomainXmlTest {
    private static DomainXml domain(String os) throws IOException {
        return DomainXml.parse("<domain>" + os + "</domain>");
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

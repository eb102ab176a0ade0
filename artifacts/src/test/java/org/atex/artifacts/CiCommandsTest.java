package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CiCommandsTest {
    @ParameterizedTest
    @CsvSource(
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "##vso[task.setvariable variable=a]b,# #vso[task.setvariable variable=a]b",
                "text before ##vso[task.complete result=Succeeded;],text before # #vso[task.complete result=Succeeded;]",
                "##[error]x,# #[error]x",
                "#####[error]x,#### #[error]x",
                "##teamcity[testFailed name='x'],# #teamcity[testFailed name='x']",
                "##[a]##vso[b],# #[a]# #vso[b]",
                "::error file=x::y,: :error file=x::y",
                "  \t::set-output name=a::b,  \t: :set-output name=a::b",
                "::stop-commands::t,: :stop-commands::t",
                ":::x,: ::x",
                "std::vector ## heading [1] #vso[a] a::b,std::vector ## heading [1] #vso[a] a::b",
            })
    void commandsAreDisabled(String line, String printed) {
        assertThat(CiCommands.escape(line)).isEqualTo(printed);
        assertThat(CiCommands.escape("x\n" + line + "\ny")).isEqualTo("x\n" + printed + "\ny");
        assertThat(CiCommands.escape(printed)).isEqualTo(printed);
    }
}

package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The scripts must run on old systems: RHEL 7 has bash 4.2. */
@Timeout(120)
class ScriptsTest {
    /** Syntax of newer versions, mostly 4.3 and 4.4; the variables and the last items are from 5.0 and later. */
    private static final Pattern NEWER = Pattern.compile("""
            \\bwait\\ -[np] | \\b(local|declare|typeset)\\ -[a-zA-Z]*n | \\blocal\\ -(\\s|$) | \\$\\{[^}]*@[A-Za-z]\\}
            | \\b(mapfile|readarray)\\ .*-d | \\[\\[.*\\ -v\\ \\w+\\[ | %\\([^)]*\\)T | \\binherit_errexit\\b | \\bset\\ -[a-z]*u
            | \\$\\{?(EPOCH|SRANDOM|BASH_ARGV0) | \\$\\{[|\\ ] | \\bunset\\ .*\\[-
            """, Pattern.COMMENTS);

    @ParameterizedTest
    @EnumSource
    void scriptsParseAndUseOnlyBash42(Scripts script) throws Exception {
        Process bash =
                new ProcessBuilder("bash", "-n").redirectErrorStream(true).start();
        bash.getOutputStream().write(script.text().getBytes(StandardCharsets.UTF_8));
        bash.getOutputStream().close();
        assertThat(new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEmpty();
        assertThat(script.text().lines().filter(line -> !line.stripLeading().startsWith("#")))
                .noneMatch(line -> NEWER.matcher(line).find());
    }

    @ParameterizedTest
    @EnumSource
    void removedCommentsDoNotChangeAScript(Scripts script) throws Exception {
        String name = script.name().toLowerCase(Locale.ROOT) + ".sh";
        try (InputStream source = Scripts.class.getResourceAsStream(name)) {
            String original = new String(source.readAllBytes(), StandardCharsets.UTF_8);

            assertThat(asParsedByBash(script.text())).isEqualTo(asParsedByBash(original));
        }
    }

    private static String asParsedByBash(String text) throws Exception {
        Process bash =
                new ProcessBuilder("bash", "-s").redirectErrorStream(true).start();
        bash.getOutputStream()
                .write(("parsed() {\n" + text + "\n}\ndeclare -f parsed\n").getBytes(StandardCharsets.UTF_8));
        bash.getOutputStream().close();
        String parsed = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(parsed).startsWith("parsed ()");
        return parsed;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "wait -n",
                "local -n x=y",
                "declare -gn x",
                "local -",
                "echo ${x@Q}",
                "mapfile -t -d '' x",
                "[[ -v x[1] ]]",
                "printf '%(%s)T'",
                "shopt -s inherit_errexit",
                "set -eu",
                "t=$EPOCHSECONDS",
                "x=${ echo; }",
                "unset x[-1]"
            })
    void newerSyntaxIsDetected(String line) {
        assertThat(line).containsPattern(NEWER);
    }
}

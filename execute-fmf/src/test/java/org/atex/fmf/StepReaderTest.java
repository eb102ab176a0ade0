package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads the prepare, finish and cleanup steps of plans. */
class StepReaderTest {
    @TempDir
    private Path directory;

    private FmfPlan plan(String text) throws Exception {
        Suite suite = new Suite(directory);
        Files.writeString(suite.tree().resolve("test.fmf"), "test: 'true'\n");
        Files.writeString(suite.tree().resolve("plan.fmf"), "discover: {how: fmf}\n" + text);
        return FmfTests.from(suite.tree())
                .context(FmfContext.empty().with("distro", "fedora-41"))
                .plan("/plan")
                .discover()
                .plan();
    }

    private static List<String> names(List<Phase> phases) {
        return phases.stream().map(Phase::name).toList();
    }

    @Test
    void phasesAreSortedByOrderAndThenAsWritten() throws Exception {
        FmfPlan plan = plan("""
                prepare:
                  - {name: last, how: shell, script: c, order: 90}
                  - {script: b}
                  - {name: first, how: shell, script: a, order: -1, summary: for people}
                  - {how: shell, script: [d, e]}
                finish:
                  - {name: two, script: x, order: 2}
                  - {name: one, script: y, order: 1}
                cleanup: {how: tmt}
                """);
        assertThat(names(plan.prepare())).containsExactly("first", "default-1", "default-3", "last");
        assertThat(names(plan.finish())).containsExactly("one", "two");
        assertThat(plan.prepare().get(2)).isEqualTo(new Phase.Shell("default-3", 50, List.of("d", "e")));
    }

    @Test
    void phasesThatDoNotApplyAreLeftOut() throws Exception {
        FmfPlan plan = plan("""
                provision: {how: virtual, name: server, role: big}
                prepare:
                  - {name: here, script: a, when: distro == fedora}
                  - {name: not, script: a, when: distro == rhel}
                  - {name: either, script: a, when: [distro == rhel, 'distro >= fedora-40']}
                  - {name: unknown, script: a, when: arch == x86_64}
                  - {name: 'off', script: a, enabled: false}
                  - {name: otherwise, how: artifact, when: distro == rhel}
                  - {name: named, script: a, where: server}
                  - {name: played, script: a, where: [big, client]}
                  - {name: always, script: a, when: true}
                """);
        assertThat(names(plan.prepare())).containsExactly("here", "either", "named", "played", "always");
    }

    @Test
    void allKeysOfAnInstallationAreRead() throws Exception {
        FmfPlan plan = plan("""
                prepare:
                  - how: install
                    package: [a, b.x86_64, 'c >= 1.0', '@d', /usr/bin/e, 'https://example.org/f.rpm', g-debuginfo]
                    directory: rpms
                    copr: ['@group/project', owner/other]
                    exclude: a*
                    missing: skip
                    check-first: false
                  - {how: feature, epel: enabled, crb: disabled}
                  - {how: ansible, playbook: one.yml, playbooks: [two.yml], extra-args: -v -e x=y}
                """);
        assertThat(plan.prepare())
                .containsExactly(
                        new Phase.Install(
                                "default-0",
                                50,
                                List.of(
                                        "a",
                                        "b.x86_64",
                                        "c >= 1.0",
                                        "@d",
                                        "/usr/bin/e",
                                        "https://example.org/f.rpm",
                                        "g-debuginfo"),
                                List.of("rpms"),
                                List.of("@group/project", "owner/other"),
                                List.of("a*"),
                                true,
                                false),
                        new Phase.Feature("default-1", 50, Map.of("epel", "enabled", "crb", "disabled")),
                        new Phase.Ansible("default-2", 50, List.of("one.yml", "two.yml"), "-v -e x=y"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    prepare: {how: shel, script: a}                   | unknown 'how: shel': did you mean 'shell'?
                    prepare: {how: magic, script: a}                  | known kinds are shell, install, feature, ansible
                    prepare: {how: artifact, provide: x, scrpt: y}    | 'how: artifact' is not supported: add the repository
                    prepare: {how: 3}                                 | unknown 'how: 3'
                    prepare: {how: shell, scrpt: a}                   | unknown key 'scrpt' in prepare or finish, how: shell: did you mean 'script'?
                    prepare: {how: install, script: a}                | unknown key 'script' in prepare, how: install; known keys are how, name
                    prepare: {how: shell, script: a, url: x}          | 'url: x' is not supported: clone the repository
                    prepare: {how: shell, script: {a: b}}             | 'script' must be a text or a list of texts
                    prepare: {how: shell, script: a, order: soon}     | 'order' must be a number, but is soon
                    prepare: {how: shell, script: a, when: distro =}  | 'when' is not a condition
                    prepare: {how: shell, script: a, enabled: maybe}  | 'enabled' must be true or false
                    prepare: {how: shell, script: a, where: nowhere}  | names no system of the plan, which has [default-0]
                    prepare: {how: install, package: --root=/}        | '--root=/' is not the name of a package
                    prepare: {how: install, copr: one}                | 'copr' must be owner/project
                    prepare: {how: install, package: a, missing: no}  | 'missing' must be one of fail, skip, but is no
                    prepare: {how: feature, epel: perhaps}            | 'epel' must be enabled or disabled
                    prepare: {how: feature, profile: x}               | 'profile: x' is not supported: apply its playbook
                    prepare: {how: feature, fips: disabled}           | remove the key
                    prepare: {how: ansible}                           | 'how: ansible' needs a 'playbook'
                    prepare: {how: ansible, playbook: -e}             | '-e' is not a playbook
                    prepare: {how: ansible, playbook: a, extra: b}    | unknown key 'extra'
                    finish: {how: install, package: a}                | unknown 'how: install'; known kinds are shell, ansible
                    cleanup: {how: shell}                             | unknown 'how: shell'; known kinds are tmt
                    prepare: [text]                                   | it must be a section or a list of sections
                    """)
    void unsupportedValuesAreErrorsWithTheirLine(String text, String expected) {
        assertThatThrownBy(() -> plan(text + "\n"))
                .isInstanceOf(FmfException.class)
                .hasMessageContaining("plan.fmf:2: ")
                .hasMessageContaining("/plan")
                .hasMessageContaining(expected);
    }

    @Test
    void aPhaseForSomeSystemsOfThePlanIsRefused() {
        assertThatThrownBy(() -> plan("""
                provision: [{how: virtual, name: a, role: server}, {how: virtual, name: b}]
                prepare: {script: x, where: server}
                """))
                .hasMessageContaining("several systems [a, server, b]")
                .hasMessageContaining("a plan for each kind of system");
    }
}

package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.atex.api.Connection;
import org.atex.api.Outcome;
import org.atex.fmf.Suite.Ran;
import org.atex.lab.Lab;
import org.atex.lab.SshSystem;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The {@code check} key of tests. */
@Timeout(300)
class ChecksTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    @TempDir
    private Path directory;

    /** A system on which a fake dmesg prints a file, to which tests append kernel messages. */
    private static SshSystem system;

    @BeforeAll
    static void boot() throws Exception {
        system = LAB.bootedSsh();
        system.container().exec("sh", "-c", """
                printf '#!/bin/bash\nexec cat /root/messages\n' >/usr/local/bin/dmesg
                chmod +x /usr/local/bin/dmesg
                """);
    }

    private Ran run(String check, String script) throws Exception {
        system.container().exec("sh", "-c", "printf '[1] booted\n[2] Call Trace: of old\n' >/root/messages");
        Suite suite = new Suite(directory);
        FmfTests tests = suite.tests("check: " + check + "\ntest: |\n" + script.indent(4));
        try (Connection connection = Suite.connect(system)) {
            return suite.run(connection, tests, FmfOptions.defaults());
        }
    }

    /**
     * Arguments: the check, the kernel message, the exit code, the outcome, the status of the check, a part of the
     * note.
     */
    static Stream<Arguments> checks() {
        String trace = "[3] Call Trace:";
        return Stream.of(
                arguments("dmesg", "[3] fine", 0, Outcome.PASSED, "pass", null),
                arguments("dmesg", trace, 0, Outcome.FAILED, "fail", "the check 'dmesg' failed"),
                arguments("[{how: dmesg, result: respect}]", "[3] x segfault at", 0, Outcome.FAILED, "fail", "dmesg"),
                arguments("{how: dmesg, result: info}", trace, 0, Outcome.PASSED, "fail", null),
                arguments("{how: dmesg, result: xfail}", trace, 0, Outcome.PASSED, "fail", null),
                arguments("{how: dmesg, result: xfail}", "[3] fine", 0, Outcome.FAILED, "pass", "did not fail"),
                arguments("{how: dmesg, failure-pattern: 'odd \\w+'}", trace, 0, Outcome.PASSED, "pass", null),
                arguments("{how: dmesg, failure-pattern: ['x', 'odd \\w+']}", "odd one", 0, Outcome.FAILED, "fail", ""),
                arguments("dmesg", "[3] fine", 1, Outcome.FAILED, "pass", "exit code 1"));
    }

    @ParameterizedTest
    @MethodSource("checks")
    void kernelMessagesAreChecked(String check, String message, int code, Outcome outcome, String found, String note)
            throws Exception {
        Ran ran = run(check, "echo '" + message + "' >>/root/messages; exit " + code);
        assertThat(ran.end().outcome()).as(ran.end().note()).isEqualTo(outcome);
        assertThat(ran.results()).hasSize(3).first().asString().startsWith("pass checks/dmesg/before-test");
        assertThat(ran.results().get(1)).startsWith(found + " checks/dmesg/after-test");
        assertThat(ran.file("checks/dmesg/before-test/dmesg.txt")).contains("[2] Call Trace: of old");
        assertThat(ran.file("checks/dmesg/after-test/dmesg.txt")).isEqualTo(message + "\n");
        if (note == null) {
            assertThat(ran.end().note()).isNull();
        } else {
            assertThat(ran.end().note()).contains(note);
        }
    }

    @Test
    void aDisabledCheckIsNotRun() throws Exception {
        Ran ran = run("[{how: dmesg, enabled: false}]", "echo 'Call Trace:' >>/root/messages");
        assertThat(ran.end().outcome()).isEqualTo(Outcome.PASSED);
        assertThat(ran.results()).containsExactly("pass null null");
    }

    @Test
    void theResultKeyOfTheTestOverridesItsChecks() throws Exception {
        Suite suite = new Suite(directory.resolve("other"));
        FmfTests tests = suite.tests("check: {how: watchdog}\nresult: pass\ntest: 'false'\n");
        try (Connection connection = LocalConnection.open()) {
            Ran ran = suite.run(connection, tests, FmfOptions.defaults());
            assertThat(ran.end().outcome()).isEqualTo(Outcome.PASSED);
            assertThat(ran.results()).first().asString().startsWith("skip checks/watchdog/before-test not supported");
        }
    }

    @Test
    void checksThatTheSystemDoesNotSupportAreSkipped() throws Exception {
        Suite suite = new Suite(directory);
        FmfTests tests = suite.tests("check: [avc, coredump, journal]\ntest: 'true'\n");
        try (Connection connection = Suite.connect(LAB.ssh())) {
            Ran ran = suite.run(connection, tests, FmfOptions.defaults());
            assertThat(ran.end().outcome()).as(ran.end().note()).isEqualTo(Outcome.PASSED);
            assertThat(ran.results())
                    .contains(
                            "skip checks/avc/after-test the system has no SELinux",
                            "skip checks/coredump/after-test the system was not started by systemd",
                            "skip checks/journal/after-test the system was not started by systemd");
        }
    }

    @Test
    void theJournalIsChecked() throws Exception {
        Suite suite = new Suite(directory);
        FmfTests tests = suite.tests("""
                check:
                  - {how: journal, failure-pattern: 'it .* badly', ignore-pattern: 'not so', identifier: mine}
                /bad: {test: "systemd-cat -t mine echo 'it went badly'; journalctl --sync; sleep 0.5"}
                /good: {test: "systemd-cat -t mine echo 'it went not so badly'; systemd-cat -t other echo 'it went badly'"}
                """);
        try (Connection connection = Suite.connect(system);
                var executor = FmfExecutor.factory(tests).open(connection)) {
            var artifacts = suite.artifacts();
            Ran ran = new Ran(executor.run(tests.get(0), artifacts), artifacts);
            assertThat(ran.end().outcome())
                    .as(ran.results() + ran.file("checks/journal/after-test/journal.txt"))
                    .isEqualTo(Outcome.FAILED);
            assertThat(ran.results().getFirst()).contains("fail checks/journal/after-test", "it went badly");
            artifacts = suite.artifacts();
            ran = new Ran(executor.run(tests.get(1), artifacts), artifacts);
            assertThat(ran.end().outcome()).as(ran.results().toString()).isEqualTo(Outcome.PASSED);
        }
    }
}

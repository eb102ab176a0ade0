package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.SetupException;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.atex.lab.Lab;
import org.atex.lab.LabContainer;
import org.atex.lab.LabImage;
import org.atex.local.LocalConnection;
import org.atex.podman.PodmanConnection;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs prepare and finish phases on real systems. */
@Timeout(300)
class PlanStepsTest {
    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    private Suite suite;

    @BeforeEach
    void makeSuite() throws Exception {
        suite = new Suite(directory);
    }

    private FmfTests plan(String steps, String test) throws Exception {
        Files.writeString(suite.tree().resolve("plan.fmf"), "discover: {how: fmf}\n" + steps);
        Files.writeString(suite.tree().resolve("test.fmf"), "test: |\n" + test.indent(4));
        return FmfTests.from(suite.tree()).plan("/plan").discover();
    }

    /** The kinds of systems. */
    enum System {
        LOCAL,
        SSH,
        PODMAN
    }

    private Connection connect(System system) throws Exception {
        return switch (system) {
            case LOCAL -> LocalConnection.open();
            case SSH -> Suite.connect(lab.ssh());
            case PODMAN -> PodmanConnection.open(lab.container(LabImage.PLAIN).id());
        };
    }

    @ParameterizedTest
    @EnumSource
    void backgroundProcessesOfScriptsRunUntilTheSystemIsFinished(System system) throws Exception {
        String pipe = "/var/tmp/atex-server-" + ProcessHandle.current().pid();
        FmfTests tests = plan("""
                environment: {PIPE: %s}
                prepare:
                  - name: server
                    script: |
                        mkfifo $PIPE.in $PIPE.out
                        serve() { while read -r line <$PIPE.in; do echo "got $line" >$PIPE.out; done; }
                        serve &
                        sleep 6543.21 &
                        echo $! >$PIPE.pid
                        echo ready
                  - {script: 'kill -0 $(<$PIPE.pid)'}
                finish:
                  - {script: 'kill -0 $(<$PIPE.pid) && echo finishing; rm $PIPE.in $PIPE.out'}
                """.formatted(pipe), """
                echo hello >$PIPE.in
                read -r answer <$PIPE.out
                echo "$answer"
                """);
        Path logs = directory.resolve("logs");
        try (Connection connection = connect(system)) {
            String pid;
            try (Executor executor = FmfExecutor.factory(
                            tests, FmfOptions.defaults().withSetUpLogs(logs))
                    .open(connection)) {
                for (int i = 0; i < 2; i++) {
                    var artifacts = suite.artifacts();
                    TestEnd end = executor.run(tests.get(0), artifacts);
                    assertThat(new Ran(end, artifacts).output()).isEqualTo("got hello\n");
                    assertThat(end).isEqualTo(TestEnd.exited(0));
                }
                pid = bash(connection, "cat " + pipe + ".pid").strip();
                assertThat(bash(connection, "tr '\\0' ' ' </proc/" + pid + "/cmdline"))
                        .contains("6543.21");
            }
            String state = "sed 's/.*) //; s/ .*//' /proc/" + pid + "/stat 2>/dev/null || true";
            String left = bash(connection, state).strip();
            while (!left.isEmpty() && !left.equals("Z")) {
                left = bash(connection, state).strip();
            }
            bash(connection, "rm -f " + pipe + "*");
        }
        try (Stream<Path> all = Files.walk(logs)) {
            assertThat(all.filter(Files::isRegularFile).map(path -> path.getFileName() + ": " + read(path)))
                    .containsExactlyInAnyOrder("prepare-1-server.txt: ready\n", "finish-1.txt: finishing\n");
        }
    }

    private static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String bash(Connection connection, String text) throws InterruptedException {
        return connection.run(Command.bash(text)).stdout();
    }

    @Test
    void aScriptEndsWithItsShellAndNotWithItsBackgroundProcesses() throws Exception {
        FmfTests tests = plan("prepare: {script: ['sleep 1000 & echo one', 'echo two; exit 4']}\n", "true");
        try (Connection connection = LocalConnection.open()) {
            assertThatThrownBy(() -> FmfExecutor.factory(tests).open(connection))
                    .isInstanceOf(SetupException.class)
                    .hasMessageContaining("the prepare phase 1 of /plan failed: its script 2 ended with exit code 4")
                    .hasMessageContaining("its last lines: two");
        }
    }

    @Test
    void aScriptThatFailsWithBusyBackgroundProcessesIsReported() throws Exception {
        FmfTests tests = plan("prepare: {script: 'yes >/dev/null & echo last words; exit 3'}\n", "true");
        try (Connection connection = LocalConnection.open()) {
            assertThatThrownBy(() -> FmfExecutor.factory(tests).open(connection))
                    .hasMessageContaining("ended with exit code 3")
                    .hasMessageContaining("last words");
        }
    }

    @Test
    void aScriptThatExceedsItsLimitIsKilledWithItsProcesses() throws Exception {
        FmfTests tests = plan("prepare: {script: 'sleep 1000 & echo waiting; wait'}\n", "true");
        try (Connection connection = LocalConnection.open()) {
            assertThatThrownBy(() -> FmfExecutor.factory(
                                    tests, FmfOptions.defaults().withSetUpWithin(Duration.ofSeconds(1)))
                            .open(connection))
                    .hasMessageContaining("was ended at its limit of")
                    .hasMessageContaining("waiting");
        }
    }

    @Test
    void playbooksRunOnTheSystemItself() throws Exception {
        Files.createDirectories(suite.tree().resolve("play"));
        Files.writeString(suite.tree().resolve("play/one.yml"), """
                - hosts: all
                  gather_facts: false
                  tasks:
                    - ansible.builtin.copy: {content: "{{ inventory_hostname }} {{ word }}", dest: /srv/played}
                """);
        Files.writeString(suite.tree().resolve("play/bad.yml"), """
                - hosts: all
                  gather_facts: false
                  tasks:
                    - ansible.builtin.fail: {msg: no luck}
                """);
        FmfTests tests = plan("""
                prepare: {how: ansible, playbook: play/one.yml, extra-args: '-e "{\\"word\\": \\"two words\\"}"'}
                finish: {how: ansible, playbook: play/bad.yml}
                """, "[[ $(</srv/played) == 'default-0 two words' ]]");
        FmfTests bad = plan("prepare: {how: ansible, playbook: [play/one.yml, play/bad.yml]}\n", "true");
        LabContainer container = lab.container(LabImage.DNF);
        try (Connection connection = PodmanConnection.open(container.id())) {
            assertThat(suite.run(connection, tests, FmfOptions.defaults()).end())
                    .isEqualTo(TestEnd.exited(0));
            assertThatThrownBy(() -> FmfExecutor.factory(bad).open(connection))
                    .hasMessageContaining("the prepare phase 1 of /plan ended with exit code")
                    .hasMessageContaining("word");
            container.exec("rm", "-f", "/usr/bin/ansible-playbook", "/usr/bin/apt-get", "/usr/bin/dpkg-query");
            assertThatThrownBy(() -> FmfExecutor.factory(tests).open(connection))
                    .hasMessageContaining("needs ansible-playbook on the system, and its packages cannot be installed");
        }
        try (Connection connection = LocalConnection.open()) {
            assertThatThrownBy(() -> FmfExecutor.factory(tests).open(connection))
                    .hasMessageContaining("is refused: this is the machine that runs the tests");
        }
    }

    @Test
    void featuresHaveNoEffectOnOtherDistributions() throws Exception {
        FmfTests tests = plan("prepare: {how: feature, epel: enabled, crb: disabled}\n", "true");
        FmfTests fips = plan("prepare: {how: feature, fips: enabled}\n", "true");
        try (Connection connection = connect(System.PODMAN)) {
            assertThat(suite.run(connection, tests, FmfOptions.defaults()).end())
                    .isEqualTo(TestEnd.exited(0));
            assertThatThrownBy(() -> FmfExecutor.factory(fips).open(connection))
                    .hasMessageContaining("FIPS mode can be enabled on Red Hat Enterprise Linux");
        }
    }

    @Test
    void repositoriesAreEnabled() throws Exception {
        LabContainer container = lab.container(LabImage.DNF);
        container.exec("bash", "-c", """
                set -e
                rm -f /usr/bin/apt-get /usr/bin/dpkg-query
                printf 'ID=centos\\nVERSION_ID=9\\nNAME="CentOS Stream"\\n' >/etc/os-release
                for name in crb crb-debug epel; do
                    printf '[%s]\\nname=%s\\nbaseurl=file:///srv/rpms\\ngpgcheck=0\\nenabled=0\\n' $name $name \
                        >/etc/yum.repos.d/$name.repo
                done
                """);
        FmfTests tests = plan("prepare: {how: feature, crb: enabled}\n", """
                dnf repolist --enabled | grep -w ^crb
                ! dnf repolist --enabled | grep crb-debug
                """);
        try (Connection connection = PodmanConnection.open(container.id())) {
            Ran ran = suite.run(connection, tests, FmfOptions.defaults());
            assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        }
    }
}

package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.Output;
import org.atex.api.Remote;
import org.atex.lab.Lab;
import org.atex.lab.LabContainer;
import org.atex.lab.LabImage;
import org.atex.support.CommandScript;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Commands run in the same environment as with {@code podman exec}, in all respects that the kernel reports. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class ExecEquivalenceTest {
    @RegisterExtension
    final Lab lab = new Lab();

    // Programs without a shell as far as possible, since a shell changes variables and signals.
    private static final List<List<String>> QUERIES = List.of(
            List.of("env", "-0", "-u", CommandScript.VARIABLE),
            List.of("id"),
            List.of("pwd", "-P"),
            List.of("cat", "/proc/self/cgroup"),
            List.of("cat", "/proc/self/limits"),
            List.of("cat", "/proc/self/oom_score_adj"),
            List.of("sh", "-c", "cat /proc/self/attr/current 2>&1 || true"),
            List.of(
                    "grep",
                    "-E",
                    "^(Umask|Uid|Gid|Groups|Sig(Blk|Ign|Cgt)|Cap|NoNewPrivs|Seccomp|Cpus|Mems)",
                    "/proc/self/status"),
            List.of("readlink", "/proc/self/ns/pid", "/proc/self/ns/mnt", "/proc/self/ns/net", "/proc/self/ns/user"));

    static Stream<List<String>> containers() {
        return Stream.of(
                List.of(),
                List.of("--user=nobody", "--workdir=/var/tmp", "--env=A=1", "--env=SHLVL=7", "--env=LC_ALL=C.UTF-8"),
                List.of(
                        "--cap-drop=all",
                        "--security-opt=no-new-privileges",
                        "--ulimit=nofile=512:512",
                        "--ulimit=nproc=2048:2048",
                        "--pids-limit=500"),
                List.of("--privileged", "--hostname=other"));
    }

    @ParameterizedTest
    @MethodSource("containers")
    void commandsEqualPodmanExec(List<String> options) throws Exception {
        LabContainer container = lab.container(LabImage.PLAIN, options.toArray(new String[0]));
        try (PodmanConnection connection = PodmanConnection.open(container.id())) {
            assertEqualsPodmanExec(connection, container.id());
        }
    }

    @ParameterizedTest
    @MethodSource("containers")
    void commandsOfProvisionedSystemsEqualPodmanExec(List<String> options) throws Exception {
        try (PodmanProvisioner provisioner = PodmanProvisioner.builder(LabImage.PLAIN.reference())
                .pull(PullPolicy.NEVER)
                .runOptions(options.toArray(new String[0]))
                .build()) {
            provisioner.provision(1);
            Remote system = ((Offer.Ready) provisioner.take(Duration.ofSeconds(60))).remote();
            assertEqualsPodmanExec(system.connection(), system.name());
        }
    }

    private static void assertEqualsPodmanExec(Connection connection, String container) throws Exception {
        List<String> actual = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (List<String> query : QUERIES) {
            actual.add(connection
                    .run(Command.of(query).withStderr(Output.merge()))
                    .stdout()
                    .strip());
            List<String> exec = new ArrayList<>(List.of("exec", container));
            exec.addAll(query);
            expected.add(PodmanCli.run(exec.toArray(new String[0])));
        }

        assertThat(actual.getFirst().split("\0"))
                .containsExactlyInAnyOrder(expected.getFirst().split("\0"));
        assertThat(actual.subList(1, actual.size())).isEqualTo(expected.subList(1, expected.size()));
    }

    @ParameterizedTest
    @MethodSource("users")
    void userEqualsThatOfPodmanExec(String user) throws Exception {
        LabContainer container = lab.container();
        PodmanOptions options = PodmanOptions.defaults().withUser(user);

        try (PodmanConnection connection = PodmanConnection.open(container.id(), options)) {
            assertThat(connection.run(Command.of("id")).orThrow().stdout().strip())
                    .isEqualTo(PodmanCli.run("exec", "--user=" + user, container.id(), "id"));
        }
    }

    static Stream<String> users() {
        return Stream.of("nobody", "1234:5678", "root");
    }
}

package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.adhoc.StateFingerprint;
import org.atex.adhoc.SystemState;
import org.atex.adhoc.TestOrder;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.Remote;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.RunningCommand;
import org.atex.api.TestSummary;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.podman.PodmanProvisioner;
import org.atex.podman.PullPolicy;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Changes of real systems are found, and systems without a change are used again. */
@Timeout(300)
@ExtendWith(LeakCheck.class)
class StateFingerprintTest {
    /** Makes a package known without a repository. */
    private static final String DEB = "printf 'Package: two\\nStatus: install ok installed\\nArchitecture: all\\n"
            + "Maintainer: me\\nVersion: 1.2\\nDescription: d\\n\\n' >>/var/lib/dpkg/status";

    private static final String LISTENER = "use IO::Socket;"
            + " my $socket = IO::Socket::INET->new(Listen => 1, LocalPort => 8081) or die; sleep 1000";

    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    private static PodmanProvisioner provisioner(LabImage image) throws InterruptedException {
        return PodmanProvisioner.builder(image.reference())
                .pull(PullPolicy.NEVER)
                .maxSystems(1)
                .build();
    }

    private static Remote take(PodmanProvisioner systems) throws InterruptedException {
        systems.provision(1);
        return ((Offer.Ready) systems.take(Duration.ofSeconds(60))).remote();
    }

    /** {@return the labels of the system on which a test runs that needs none} */
    private static Map<String, String> recorded(LabImage image, String preparation) throws Exception {
        List<CommandTest> tests = List.of(CommandTest.of("/test", Command.of("true")));
        RecordingAggregator results = RecordingAggregator.create();
        try (PodmanProvisioner systems = provisioner(image);
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(CommandExecutor.factory())
                        .setup(system -> system.connection()
                                .run(Command.bash(preparation))
                                .orThrow())
                        .into(results)
                        .recordPackages()
                        .build()) {
            assertThat(run.run().exitCode()).isZero();
        }
        return Objects.requireNonNull(results.records().getFirst().system()).labels();
    }

    @ParameterizedTest
    @EnumSource(names = {"PLAIN", "DNF"})
    void systemsWithTheSamePackagesHaveTheSameLabel(LabImage image) throws Exception {
        String first = recorded(image, "true").get("packages");
        assertThat(first).matches("[1-9]\\d+, hash [0-9a-f]{12}");
        assertThat(recorded(image, "touch /tmp/x")).containsEntry("packages", first);
        String more = recorded(image, DEB).get("packages");
        assertThat(more).as("with one package more").matches("[1-9]\\d+, hash [0-9a-f]{12}");
        assertThat(count(more)).isEqualTo(count(first) + 1);
    }

    private static int count(String packages) {
        return Integer.parseInt(packages.substring(0, packages.indexOf(',')));
    }

    @Test
    void systemsWhosePackagesCannotBeReadHaveNoSuchLabel() throws Exception {
        String hide = "rm -f /usr/bin/dpkg-query /usr/bin/rpm";
        assertThat(recorded(LabImage.PLAIN, hide)).doesNotContainKey("packages").isNotEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"PLAIN", "DNF", "SYSTEMD"})
    void unchangedSystemHasNoChanges(LabImage image) throws Exception {
        try (PodmanProvisioner systems = provisioner(image);
                Remote remote = take(systems)) {
            Connection connection = remote.connection();
            SystemState before = SystemState.of(connection);
            connection.run(Command.bash("sleep 0.1; ps ax; touch /tmp/x")).orThrow();
            assertThat(before.changesTo(SystemState.of(connection))).isEmpty();
            assertThat(before).asString().as("there is something to compare").matches("[1-9]\\d\\d+ items");
        }
    }

    @Test
    void changesAreFound() throws Exception {
        try (PodmanProvisioner systems = provisioner(LabImage.DNF);
                Remote remote = take(systems)) {
            Connection connection = remote.connection();
            SystemState before = SystemState.of(connection);
            connection
                    .run(Command.bash(DEB + "; head -c 300M /dev/urandom >/var/big"))
                    .orThrow();
            try (RunningCommand listener = connection.start(Command.of("perl", "-e", LISTENER))) {
                connection
                        .run(Command.bash("until grep -q :1F91 /proc/net/tcp; do sleep 0.05; done"))
                        .orThrow();
                assertThat(before.changesTo(SystemState.of(connection)))
                        .hasSize(3)
                        .contains("package two:all was added (1.2)", "listener tcp port 8081 was added")
                        .anyMatch(change -> change.matches("disk / has (29|30)\\d MiB more in use"));
                assertThat(listener.await(Duration.ZERO))
                        .as("the listener runs")
                        .isEmpty();
            }
        }
    }

    @Test
    void systemIsUsedAgainAfterAFailureWithoutChanges() throws Exception {
        StateFingerprint states = StateFingerprint.create();
        List<String> gone = new CopyOnWriteArrayList<>();
        List<CommandTest> tests = List.of(
                CommandTest.of("/fails", Command.bash("exit 3")),
                CommandTest.of("/passes", Command.of("true")),
                CommandTest.of("/installs", Command.bash(DEB)),
                CommandTest.of("/after", Command.bash("! grep -q '^Package: two' /var/lib/dpkg/status")));
        RunSummary summary;
        try (PodmanProvisioner systems = provisioner(LabImage.PLAIN);
                RecordingAggregator results = RecordingAggregator.create();
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(states.around(CommandExecutor.factory()))
                        .into(results)
                        .order(TestOrder.given())
                        .destruction(states.policy())
                        .workDirectory(directory)
                        .listener(event -> {
                            if (event instanceof RunEvent.SystemGone lost) {
                                gone.add(lost.why());
                            }
                        })
                        .build()) {
            summary = run.run();
        }
        Map<String, String> notes = summary.tests().stream()
                .collect(Collectors.toMap(
                        TestSummary::name, test -> String.valueOf(test.end().note())));
        assertThat(notes)
                .containsEntry("/fails", "exit code 3; it changed nothing on the system")
                .containsEntry("/passes", "null")
                .containsEntry("/installs", "it changed the system: package two:all was added (1.2)")
                .containsEntry("/after", "null");
        assertThat(summary.counts().toString()).isEqualTo("{PASSED=3, FAILED=1}");
    }
}

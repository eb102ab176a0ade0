package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.atex.interleave.ActorFailedException;
import org.atex.interleave.Exploration;
import org.atex.interleave.ExploredOrders;
import org.atex.interleave.Interleaving;
import org.atex.interleave.StuckActorException;
import org.atex.lab.BehindJump;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.lab.SshSystem;
import org.atex.local.LocalConnection;
import org.atex.podman.PodmanProvisioner;
import org.atex.podman.PullPolicy;
import org.atex.ssh.HostKeys;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshOptions;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs commands on real systems in a planned order with threads of this JVM. */
@Timeout(400)
@ExtendWith(LeakCheck.class)
class OrderedSystemsTest {
    private static final String TWO_POINTS = """
            echo $$ >/tmp/actor.pid
            echo 0 >/tmp/log; atex-checkpoint 1
            echo 1 >>/tmp/log; sh -c 'atex-checkpoint "the second"'
            echo 2 >>/tmp/log
            """;

    /** Prints the program of the process, unless it has ended. */
    private static final String SLEEPING = "readlink /proc/$(</tmp/sleep.pid)/exe";

    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    private SshOptions options(SshSystem... systems) throws Exception {
        StringBuilder known = new StringBuilder();
        for (SshSystem system : systems) {
            known.append(Files.readString(system.knownHosts()));
        }
        return SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withConnectWithin(Duration.ofMinutes(2))
                .withKey(systems[0].key())
                .withHostKeys(HostKeys.knownHosts(Files.writeString(directory.resolve("known_hosts"), known)));
    }

    private static String read(Connection connection, String script) throws InterruptedException {
        return connection.run(Command.bash(script)).stdout().strip();
    }

    private static void assertNothingLeft(Connection connection) throws InterruptedException {
        // The pattern does not match the command line of grep.
        assertThat(read(connection, "ls -d /var/tmp/atex-actor.*; grep -ls 'atex-checkpoin[t]' /proc/[0-9]*/cmdline"))
                .as("helpers and processes")
                .isEmpty();
    }

    /** An actor on the system, one on this machine, and a thread. */
    private void systemThreadAndThisMachineShareAnOrder(Connection system) throws Exception {
        List<String> seen = Collections.synchronizedList(new ArrayList<>());
        try (Connection local = LocalConnection.open();
                Interleaving run = Interleaving.plan()
                        .withActor("system", system, Command.bash(TWO_POINTS))
                        .withActor("here", local, Command.bash("atex-checkpoint 1"))
                        .withActor("thread", checkpoints -> {
                            seen.add(read(system, "cat /tmp/log"));
                            checkpoints.reach("read");
                            seen.add(read(system, "cat /tmp/log"));
                        })
                        .withOrder("here:1", "system:1", "thread:start", "system:the second", "thread:read")
                        .start()) {
            assertThat(read(system, "cat /tmp/log")).isEqualTo("0");
            run.runTo("system:the second");
            run.runToEnd();
        }
        assertThat(seen).containsExactly("0\n1", "0\n1\n2");
        assertNothingLeft(system);
    }

    private static void actorIsKilledAtEachPoint(Connection system) throws Exception {
        for (String point : List.of("system:1", "system:the second")) {
            try (Interleaving run = Interleaving.plan()
                    .withActor("system", system, Command.bash(TWO_POINTS))
                    .withActor("thread", checkpoints -> {})
                    .withOrder("system:1", "system:the second", "thread:start")
                    .start()) {
                run.runTo(point);
                system.run(Command.bash("kill -9 $(</tmp/actor.pid)")).orThrow();
                ActorFailedException e = catchThrowableOfType(ActorFailedException.class, run::runToEnd);
                assertThat(e.actor()).isEqualTo("system");
                assertThat(e).hasMessageContaining("Killed");
            }
            assertNothingLeft(system);
        }
    }

    private static void closeLeavesNothing(Connection system) throws Exception {
        try (Interleaving run = Interleaving.plan()
                .withActor(
                        "system",
                        system,
                        Command.bash("setsid sleep 1000 & echo $! >/tmp/sleep.pid; atex-checkpoint 1"))
                .withOrder("system:1")
                .start()) {
            assertThat(run.history().planned()).isEmpty();
            assertThat(read(system, SLEEPING)).isNotEmpty();
        }
        assertThat(read(system, SLEEPING)).isEmpty();
        assertNothingLeft(system);
    }

    private static void stuckActorIsNamedWithItsOutput(Connection system) throws Exception {
        Interleaving.Plan plan = Interleaving.plan()
                .withActor("system", system, Command.bash("atex-checkpoint 1; echo waits; sleep 1000"))
                .withStepWithin(Duration.ofSeconds(3))
                .withOrder("system:1");
        try (Interleaving run = plan.start()) {
            assertThatThrownBy(run::next)
                    .isInstanceOf(StuckActorException.class)
                    .hasMessageContaining("after system:1")
                    .hasMessageContaining("| waits");
        }
        assertNothingLeft(system);
    }

    private static void allOrdersAreExplored(Connection system) throws Exception {
        ExploredOrders orders = Exploration.of(trial -> {
                    trial.actor("system", system, Command.bash("atex-checkpoint 1"));
                    trial.actor("thread", checkpoints -> checkpoints.reach("1"));
                })
                .explore();
        assertThat(orders).isEqualTo(new ExploredOrders(6, 0, true));
        assertNothingLeft(system);
    }

    private void all(Connection system) throws Exception {
        systemThreadAndThisMachineShareAnOrder(system);
        actorIsKilledAtEachPoint(system);
        closeLeavesNothing(system);
        stuckActorIsNamedWithItsOutput(system);
        allOrdersAreExplored(system);
    }

    @Test
    void inAContainer() throws Exception {
        try (Provisioner containers = PodmanProvisioner.builder(LabImage.PLAIN.reference())
                .pull(PullPolicy.NEVER)
                .build()) {
            containers.provision(1);
            Offer offer = containers.take(Duration.ofMinutes(2));
            assertThat(offer).isInstanceOf(Offer.Ready.class);
            try (Remote remote = ((Offer.Ready) offer).remote()) {
                all(remote.connection());
            }
        }
    }

    @Test
    void onAnSshHost() throws Exception {
        SshSystem host = lab.ssh();
        try (SshConnection connection = SshConnection.open(host.destination(), options(host))) {
            all(connection);
        }
    }

    @Test
    void behindAJumpHost() throws Exception {
        BehindJump two = lab.behindJump();
        SshOptions options =
                options(two.target(), two.jump()).withJumpHosts(two.jump().destination());
        try (SshConnection connection = SshConnection.open(two.target().destination(), options)) {
            systemThreadAndThisMachineShareAnOrder(connection);
        }
    }

    @Test
    void lossOfAHostIsAFailureOfItsActor() throws Exception {
        SshSystem host = lab.ssh();
        try (SshConnection connection = SshConnection.open(host.destination(), options(host));
                Interleaving run = Interleaving.plan()
                        .withActor("system", connection, Command.bash("echo hello; atex-checkpoint 1; sleep 1000"))
                        .withActor("thread", checkpoints -> {})
                        .withOrder("system:1", "thread:start")
                        .start()) {
            host.container().kill();
            ActorFailedException e = catchThrowableOfType(ActorFailedException.class, run::runToEnd);
            assertThat(e.actor()).isEqualTo("system");
            assertThat(e).hasCauseInstanceOf(ConnectionLostException.class).hasMessageContaining("| hello");
            assertThat(Stream.of(e.getSuppressed())).isEmpty();
        }
    }
}

package org.atex.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Remote;
import org.atex.api.RunningCommand;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The systems of one provisioner share the processes that start commands, and nothing else. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class SharedLauncherTest {
    private static final int SYSTEMS = 8;
    private static final Command PARENT = Command.bash("cat /proc/$PPID/comm");

    private static List<Remote> take(LocalProvisioner provisioner, int count) throws InterruptedException {
        provisioner.provision(count);
        List<Remote> systems = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            systems.add(provisioner.take(Duration.ofSeconds(30)).orThrow());
        }
        return systems;
    }

    /** {@return the names of the programs that this program has started} */
    private static List<String> children() {
        return ProcessHandle.current()
                .children()
                .map(child -> comm(child.pid()))
                .filter(name -> !name.isEmpty())
                .toList();
    }

    private static String comm(long pid) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), "comm"))
                    .strip();
        } catch (IOException e) {
            return ""; // the process has ended
        }
    }

    @Test
    void manySystemsHaveOneGuardAndAsManyShellsAsCommandsRun() throws Exception {
        try (LocalProvisioner provisioner = LocalProvisioner.withMaxSystems(SYSTEMS)) {
            List<Remote> systems = take(provisioner, SYSTEMS);
            for (Remote system : systems) {
                system.connection().run(Command.of("true")).orThrow();
            }
            assertThat(children()).as("a guard and a shell").containsExactlyInAnyOrder("sh", "bash");

            for (Remote system : systems) {
                system.connection().run(Command.of("true")).orThrow();
                system.connection().run(Command.of("true")).orThrow();
            }
            for (Remote system : systems) {
                assertThat(system.connection().run(PARENT).orThrow().stdout())
                        .as("the commands of all systems make Python worth its start")
                        .startsWith("python");
            }
            assertThat(children()).as("a guard and Python").hasSize(2).contains("sh");
        }
    }

    @Test
    void eachSystemCanHaveAsManyShellsAsItWouldHaveAlone() throws Exception {
        try (LocalProvisioner provisioner = LocalProvisioner.withMaxSystems(2)) {
            List<Remote> systems = take(provisioner, 2);
            List<RunningCommand> commands = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                commands.add(systems.get(0).connection().start(Command.of("sleep", "600")));
            }
            assertThat(children()).as("the JVM starts no command itself").doesNotContain("sleep");

            systems.get(1).close();
            commands.forEach(RunningCommand::close);
        }
    }

    @Test
    void closingASystemEndsItsCommandsOnly() throws Exception {
        try (LocalProvisioner provisioner = LocalProvisioner.withMaxSystems(2)) {
            List<Remote> systems = take(provisioner, 2);
            RunningCommand first = systems.get(0).connection().start(Command.of("sleep", "600"));
            RunningCommand second = systems.get(1).connection().start(Command.of("cat", "/dev/zero"));

            systems.get(0).close();

            assertThat(first.await()).isEqualTo(new CommandEnd.Signalled("KILL"));
            assertThat(second.stdout().readNBytes(100_000)).hasSize(100_000);
            systems.get(0).close();
            systems.get(1).connection().run(Command.of("true")).orThrow();
        }
    }

    @Test
    void theLastSystemLeavesNothingAndTheNextStartsAnew() throws Exception {
        try (LocalProvisioner provisioner = LocalProvisioner.withMaxSystems(2)) {
            for (int i = 0; i < 3; i++) {
                List<Remote> systems = take(provisioner, 2);
                for (Remote system : systems) {
                    system.connection().run(Command.of("true")).orThrow();
                }
                systems.forEach(Remote::close);
                assertThat(children()).isEmpty();
            }
        }
    }

    /** Systems come and go at random while commands of others run. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void stormOfSystems(long seed) throws Exception {
        Random random = new Random(seed);
        try (LocalProvisioner provisioner = LocalProvisioner.withMaxSystems(4);
                ExecutorService users = Executors.newFixedThreadPool(4)) {
            List<Future<Integer>> done = IntStream.range(0, 4)
                    .mapToObj(user -> new Random(random.nextLong()))
                    .map(own -> users.submit(() -> use(provisioner, own)))
                    .toList();
            for (Future<Integer> one : done) {
                assertThat(one.get()).isEqualTo(10);
            }
        }
        assertThat(children()).isEmpty();
    }

    private static int use(LocalProvisioner provisioner, Random random) throws InterruptedException {
        int systems = 0;
        while (systems < 10) {
            Remote system = take(provisioner, 1).getFirst();
            for (int i = random.nextInt(5); i > 0; i--) {
                String word = Long.toHexString(random.nextLong());
                assertThat(system.connection()
                                .run(Command.of("echo", word))
                                .orThrow()
                                .stdout()
                                .strip())
                        .isEqualTo(word);
            }
            if (random.nextBoolean()) {
                system.connection().start(Command.of("sleep", "600")); // closed with the system
            }
            system.close();
            systems++;
        }
        return systems;
    }
}

package org.atex.interleave;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandFailedException;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.local.LocalConnection;
import org.atex.testkit.FakeConnection;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
@ExtendWith(LeakCheck.class)
class ActorProcessTest {
    private final Connection connection = LocalConnection.open();
    private List<Path> helpersBefore = List.of();

    @TempDir
    private Path directory;

    @BeforeEach
    void rememberHelpers() throws IOException {
        helpersBefore = helpers();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        connection.close();
        assertThat(helpers()).as("directories of helpers").isSubsetOf(helpersBefore);
    }

    private static List<Path> helpers() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/var/tmp"))) {
            return files.filter(file -> file.getFileName().toString().startsWith("atex-actor."))
                    .toList();
        }
    }

    /** A command that appends lines to the log. */
    private Command bash(String script) {
        return Command.bash(script).withDirectory(directory.toString()).withEnvironment("LC_ALL", "C");
    }

    private List<String> log() throws IOException {
        Path log = directory.resolve("log");
        return Files.exists(log) ? Files.readAllLines(log) : List.of();
    }

    /** A command with the checkpoints 1 and 2, which logs what it does before, between and after them. */
    private Command twoPoints(String name) {
        String script = """
                echo noise; echo noise >&2
                echo "$1"0 >>log
                atex-checkpoint 1
                echo "$1"1 >>log
                atex-checkpoint 2
                echo "$1"2 >>log
                """;
        return bash(script).withArguments(List.of("bash", "-e", "-c", script, "bash", name));
    }

    /** Creates a named pipe, by which an actor waits for a line of another one. */
    private Path pipe(String name) throws InterruptedException {
        Path pipe = directory.resolve(name);
        connection.run(Command.of("mkfifo", pipe.toString())).orThrow();
        return pipe;
    }

    private long pid(String file) throws IOException {
        return Long.parseLong(Files.readString(directory.resolve(file)).strip());
    }

    /** Returns whether a process runs; one that was killed may wait for its parent to be removed. */
    private static boolean runs(long pid) throws IOException {
        try {
            String line = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return !line.substring(line.lastIndexOf(')')).startsWith(") Z");
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private Interleaving.Plan two() {
        return Interleaving.plan()
                .withActor("a", connection, twoPoints("a"))
                .withActor("b", connection, twoPoints("b"));
    }

    @Test
    void commandsPassInThePlannedOrder() throws Exception {
        try (Interleaving run = two().withOrder("b:1", "a:1", "b:2", "a:2").start()) {
            assertThat(log()).as("in the order of their first points").containsExactly("b0", "a0");
            assertThat(run.next()).contains(new Point("b", "1"));
            assertThat(log()).containsExactly("b0", "a0", "b1");
            run.runTo("a:2");
            assertThat(log()).containsExactly("b0", "a0", "b1", "a1", "b2");
            run.runToEnd();
            assertThat(log()).containsExactly("b0", "a0", "b1", "a1", "b2", "a2");
            assertThat(run.next()).isEmpty();
        }
    }

    @Test
    void startAndEndCanBePlanned() throws Exception {
        try (Interleaving run = two().withOrder("a:end", "b:start", "b:end").start()) {
            assertThat(log()).containsExactly("a0", "a1", "a2");
            run.runTo("b:end");
            assertThat(log()).containsExactly("a0", "a1", "a2", "b0", "b1", "b2");
            run.runToEnd();
            assertThat(run.history())
                    .hasToString(
                            "/* a:start */ /* a:1 */ /* a:2 */ \"a:end\", \"b:start\" /* b:1 */ /* b:2 */, \"b:end\"");
        }
    }

    @Test
    void threadsAndCommandsShareAnOrder() throws Exception {
        List<String> seen = Collections.synchronizedList(new ArrayList<>());
        try (Interleaving run = Interleaving.plan()
                .withActor("command", connection, twoPoints("c"))
                .withActor("thread", checkpoints -> {
                    seen.addAll(log());
                    checkpoints.reach("read");
                    Files.writeString(directory.resolve("log"), "overwritten\n");
                })
                .withOrder("command:1", "thread:start", "command:2", "thread:read")
                .start()) {
            run.runToEnd();
        }
        assertThat(seen).containsExactly("c0", "c1");
        assertThat(log()).containsExactly("overwritten");
    }

    @Test
    void otherShellsAndProgramsReachCheckpoints() throws Exception {
        Command programs = bash("""
                sh -ec 'atex-checkpoint "from sh"'
                sh -ec 'echo "checkpoint by hand" >&$ATEX_TEST_CONTROL; read line <&$ATEX_TEST_REPLIES; test -z "$line"'
                perl -e '
                    open my $control, ">&=", $ENV{ATEX_TEST_CONTROL} or die;
                    open my $replies, "<&=", $ENV{ATEX_TEST_REPLIES} or die;
                    syswrite $control, "checkpoint from perl\\n";
                    sysread($replies, my $byte, 1) == 1 or die;
                ' || exit
                ! env -u ATEX_TEST_CONTROL atex-checkpoint lost 2>message || exit
                grep "leave the descriptors" message || exit
                ! atex-checkpoint 2>message || exit
                grep "usage: atex-checkpoint NAME" message
                """);
        try (Interleaving run = Interleaving.plan()
                .withActor("a", connection, programs)
                .withOrder("a:from sh", "a:by hand", "a:from perl")
                .start()) {
            run.runToEnd();
            assertThat(run.history().planned()).hasSize(3);
        }
    }

    @Test
    void manyPointsThatAreNotPlannedPassAtOnce() throws Exception {
        Command busy = bash("for i in {1..100}; do atex-checkpoint turn & done; wait; atex-checkpoint done");
        try (Interleaving run = Interleaving.plan()
                .withActor("a", connection, busy)
                .withOrder("a:done")
                .start()) {
            run.runToEnd();
            assertThat(run.history().entries()).hasSize(103);
        }
    }

    @Test
    void exitCodeIsAFailureWithTheLastLines() throws Exception {
        Command failing = bash("atex-checkpoint half; seq 1 100; printf '\\033[31mbad disk\\n' >&2; exit 3");
        try (Interleaving run = two().withActor("c", connection, failing)
                .withOrder("a:1", "c:half", "b:1")
                .start()) {
            assertThat(run.next()).isPresent();
            ActorFailedException e = catchThrowableOfType(ActorFailedException.class, run::next);
            assertThat(e.actor()).isEqualTo("c");
            assertThat(e)
                    .hasCauseInstanceOf(CommandFailedException.class)
                    .hasMessageContaining("actor c failed after c:half")
                    .hasMessageContaining("exit code 3")
                    .hasMessageContaining("\n      | 100\n      | ?[31mbad disk")
                    .hasMessageNotContaining("| 50\n");
            assertThatIllegalStateException().isThrownBy(run::next);
        }
        assertThat(log()).as("b was killed at its point").contains("b0").doesNotContain("b1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    void actorThatIsKilledAtAPointFails(String point) throws Exception {
        Command killed = bash("echo $$ >pid; echo hello; atex-checkpoint 1; atex-checkpoint 2; exec sleep 1000");
        try (Interleaving run = two().withActor("victim", connection, killed)
                .withOrder("a:1", "victim:1", "b:1", "victim:2", "a:2", "victim:end")
                .start()) {
            run.runTo("victim:" + point);
            ProcessHandle victim = ProcessHandle.of(pid("pid")).orElseThrow();
            victim.destroyForcibly();
            victim.onExit().join();
            ActorFailedException e = catchThrowableOfType(ActorFailedException.class, run::runToEnd);
            assertThat(e.actor()).isEqualTo("victim");
            assertThat(e)
                    .hasMessageContaining("victim:" + point)
                    .hasMessageContaining("ended with signal KILL")
                    .hasMessageContaining("\n      | hello");
        }
    }

    @Test
    void actorThatIsKilledWhileItRunsFails() throws Exception {
        Command killed = bash("atex-checkpoint 1; kill -9 $$");
        try (Interleaving run = two().withActor("victim", connection, killed)
                .withOrder("a:1", "victim:1", "b:1")
                .start()) {
            assertThatThrownBy(run::runToEnd)
                    .isInstanceOf(ActorFailedException.class)
                    .hasMessageContaining("actor victim failed after victim:1")
                    .hasMessageContaining("ended with signal KILL");
        }
    }

    @Test
    void wrapperThatIsKilledLeavesNoHelper() throws Exception {
        Command killed = bash("atex-checkpoint 1; kill -9 $PPID; sleep 1000");
        try (Interleaving run = Interleaving.plan()
                .withActor("a", connection, killed)
                .withOrder("a:1")
                .start()) {
            assertThatThrownBy(run::next)
                    .isInstanceOf(ActorFailedException.class)
                    .hasMessageContaining("ended with signal KILL");
        }
    }

    @Test
    void deathOfAParkedActorIsReportedByTheNextStepOfAnother() throws Exception {
        Path pipe = pipe("pipe");
        Command killed = bash("(read -r _ <pipe; kill -9 $$) & atex-checkpoint 1");
        try (Interleaving run = Interleaving.plan()
                .withActor("victim", connection, killed)
                .withActor("other", checkpoints -> {
                    Files.writeString(pipe, "go on\n");
                    // Waits for the interrupt of close().
                    new CountDownLatch(1).await();
                })
                .withOrder("other:start", "victim:1")
                .start()) {
            assertThatThrownBy(run::next)
                    .isInstanceOf(ActorFailedException.class)
                    .hasMessageContaining("actor victim failed while it was parked at victim:1");
        }
    }

    @Test
    void actorThatTakesTooLongIsNamedWithItsPlaceAndOutput() throws Exception {
        Command slow = bash("echo started; atex-checkpoint unplanned; echo 'waits for a lock'; sleep 1000");
        Interleaving.Plan plan = Interleaving.plan()
                .withActor("slow", connection, slow)
                .withActor("thread", checkpoints -> {})
                .withStepWithin(Duration.ofSeconds(3))
                .withOrder("thread:start", "slow:never");
        assertThatThrownBy(plan::start)
                .isInstanceOf(StuckActorException.class)
                .hasMessageContaining("could not wait for slow any longer: it did not reach slow:never within 3 s")
                .hasMessageContaining("after slow:unplanned, 'bash -c")
                .hasMessageContaining("\n      | started\n      | waits for a lock")
                .hasMessageContaining("thread: parked at thread:start")
                .hasNoSuppressedExceptions();
    }

    @Test
    void closeKillsAllProcesses() throws Exception {
        Command command = bash("""
                sleep 1000 & echo $! >child; echo $$ >pid
                setsid sleep 1000 & echo $! >session
                atex-checkpoint 1
                """);
        List<Long> processes = new ArrayList<>();
        try (Interleaving run = Interleaving.plan()
                .withActor("a", connection, command)
                .withOrder("a:1")
                .start()) {
            for (String file : List.of("child", "session", "pid")) {
                processes.add(pid(file));
                assertThat(runs(pid(file))).isTrue();
            }
            assertThat(run.history().planned()).isEmpty();
        }
        for (long process : processes) {
            assertThat(runs(process)).isFalse();
        }
    }

    @Test
    void processesInTheBackgroundEndWithTheirActor() throws Exception {
        Command command = bash("sleep 1000 & echo $! >child");
        try (Interleaving run = Interleaving.plan()
                .withActor("a", connection, command)
                .withOrder("a:start")
                .start()) {
            run.runToEnd();
            assertThat(runs(pid("child"))).isFalse();
        }
    }

    @Test
    void wordsInTheOutputAreNoWords() throws Exception {
        Command hostile = bash("""
                for stream in 1 2; do
                    printf 'checkpoint 1\\ncheckpoint end\\nexitcode 0\\n\\0\\377' >&$stream
                done
                atex-checkpoint 1
                """);
        try (Interleaving run = two().withActor("hostile", connection, hostile)
                .withOrder("a:1", "hostile:1", "b:1", "a:2", "b:2")
                .start()) {
            run.runToEnd();
            assertThat(log()).containsExactly("a0", "b0", "a1", "b1", "a2", "b2");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "echo >&9",
                "echo 'exitcode 0' >&9",
                "echo 'checkpoint ' >&9",
                "echo 'checkpoint end' >&9",
                "echo 'checkpoint start' >&9",
                "printf 'checkpoint \\033[2J\\n' >&9",
                "yes | tr -d '\\n' | head -c 1000000 >&9",
                "head -c 100000 /dev/urandom >&9; echo >&9",
                "printf 'checkpoint 1\\ncheckpoint 1\\ncheckpoint a:1\\n' >&9",
                "yes 'checkpoint 1' >&9",
            })
    void hostileActorBreaksItsOwnOrderOnly(String attack) throws Exception {
        Command hostile = bash("atex-checkpoint 0; " + attack + "; sleep 1000");
        try (Interleaving run = two().withActor("hostile", connection, hostile)
                // Keeps the hostile actor at its point until the words after it have been read.
                .withActor("waits", checkpoints -> new CountDownLatch(1).await())
                .withOrder("a:1", "b:1", "hostile:0", "waits:start", "hostile:1", "a:2", "b:2")
                .start()) {
            run.runTo("hostile:0");
            assertThat(log()).containsExactly("a0", "b0", "a1", "b1");
            ActorFailedException e = catchThrowableOfType(ActorFailedException.class, run::runToEnd);
            assertThat(e.actor()).isEqualTo("hostile");
            assertThat(e.getMessage()).doesNotContain("\033[");
        }
        assertThat(log()).as("the others were killed at their points").containsExactly("a0", "b0", "a1", "b1");
    }

    @Test
    void secondProcessAtACheckpointIsAFailure() throws Exception {
        Path pipe = pipe("pipe");
        Command two = bash("atex-checkpoint 1 & read -r _ <pipe; echo 'checkpoint 2' >&$ATEX_TEST_CONTROL; wait");
        try (Interleaving run = Interleaving.plan()
                .withActor("a", connection, two)
                .withActor("b", checkpoints -> {
                    Files.writeString(pipe, "go on\n");
                    new CountDownLatch(1).await();
                })
                .withOrder("b:start", "a:1")
                .start()) {
            assertThatThrownBy(run::next)
                    .isInstanceOf(ActorFailedException.class)
                    .hasMessageContaining("actor a failed while it was parked at a:1")
                    .hasMessageContaining("reached '2' while another of its processes waited at a checkpoint");
        }
    }

    @Test
    void concurrentProcessesPassOneAfterTheOther() throws Exception {
        Command concurrent = bash("for i in {1..20}; do atex-checkpoint same & done; wait");
        Interleaving.Plan plan = Interleaving.plan()
                .withActor("a", connection, concurrent)
                .withOrder(Collections.nCopies(20, new Point("a", "same")));
        try (Interleaving run = plan.start()) {
            run.runToEnd();
            assertThat(run.history().planned()).hasSize(20);
        }
    }

    @Test
    void actorThatEndsBeforeAPointBreaksTheOrder() throws Exception {
        try (Interleaving run = Interleaving.plan()
                .withActor("a", connection, bash("atex-checkpoint 1"))
                .withOrder("a:1", "a:2")
                .start()) {
            assertThatThrownBy(run::next)
                    .isInstanceOf(OrderException.class)
                    .hasMessageContaining("a ended without reaching a:2");
        }
    }

    @Test
    void actorThatEndsWhileItsProcessIsParkedBreaksTheOrder() throws Exception {
        Path pipe = pipe("pipe");
        Command command = bash("atex-checkpoint 1 & read -r _ <pipe");
        try (Interleaving run = Interleaving.plan()
                .withActor("a", connection, command)
                .withActor("b", checkpoints -> {
                    Files.writeString(pipe, "go on\n");
                    new CountDownLatch(1).await();
                })
                .withOrder("b:start", "a:1")
                .start()) {
            assertThatThrownBy(run::next)
                    .isInstanceOf(OrderException.class)
                    .hasMessageContaining("a ended while another of its threads or processes was parked at a:1");
        }
    }

    @Test
    void programThatDoesNotExistIsAFailure() {
        Interleaving.Plan plan = Interleaving.plan()
                .withActor("a", connection, Command.of("/no/such/program"))
                .withOrder("a:end");
        assertThatThrownBy(plan::start)
                .isInstanceOf(ActorFailedException.class)
                .hasMessageContaining("exit code 127")
                .hasMessageContaining("No such file");
    }

    @Test
    void lostConnectionIsAFailureOfTheActor() throws Exception {
        FakeConnection fake = FakeConnection.running(process -> {
            process.stderr().write("last words\n".getBytes(UTF_8));
            process.stdout().write("checkpoint 1\n".getBytes(UTF_8));
            process.stdin().transferTo(OutputStream.nullOutputStream());
            return new CommandEnd.Exited(0);
        });
        try (fake;
                Interleaving run = Interleaving.plan()
                        .withActor("a", fake, Command.of("work"))
                        .withActor("b", checkpoints -> {})
                        .withOrder("a:1", "b:start")
                        .start()) {
            fake.lose();
            assertThatThrownBy(run::runToEnd)
                    .isInstanceOf(ActorFailedException.class)
                    .hasMessageContaining("actor a failed")
                    .hasCauseInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("| last words");
        }
    }

    @Test
    void interruptOfTheCallerEndsTheCommand() throws Exception {
        Command endless = bash("echo $$ >pid; atex-checkpoint 1; sleep 1000");
        try (Interleaving run = Interleaving.plan()
                .withActor("a", connection, endless)
                .withOrder("a:1")
                .start()) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(run::next).isInstanceOf(InterruptedException.class);
        }
        assertThat(runs(pid("pid"))).isFalse();
    }

    @Test
    void explorationStartsTheCommandsOfEachRunAfresh() throws Exception {
        Exploration counter = Exploration.of(trial -> {
            Path value = directory.resolve("value");
            Files.writeString(value, "0\n");
            for (String name : List.of("a", "b")) {
                trial.actor(name, connection, bash("read n <value; atex-checkpoint read; echo $((n + 1)) >value"));
            }
            trial.check(() -> assertThat(value).hasContent("2"));
        });
        assertThatThrownBy(counter::explore)
                .isInstanceOf(FailingOrderError.class)
                .hasMessageContaining(".withOrder(\"a:start\", \"b:start\", ");
        assertThatThrownBy(() -> counter.explore(7, 3)).isInstanceOf(FailingOrderError.class);
    }

    @Test
    void explorationMixesThreadsAndCommands() throws Exception {
        Exploration correct = Exploration.of(trial -> {
            trial.actor("command", connection, bash("atex-checkpoint 1"));
            trial.actor("thread", checkpoints -> checkpoints.reach("1"));
        });
        assertThat(correct.explore()).isEqualTo(new ExploredOrders(6, 0, true));
    }

    @Test
    void commandsWithRedirectionsAreRefused() {
        for (Command command : List.of(
                Command.of("cat").withStdin(Input.text("text")),
                Command.of("cat").withStdout(Output.discard()),
                Command.of("cat").withStderr(Output.merge()))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Interleaving.plan().withActor("a", connection, command))
                    .withMessageContaining("cannot run 'cat' as actor a");
        }
    }
}

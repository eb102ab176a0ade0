package org.atex.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Input;
import org.atex.api.Outcome;
import org.atex.api.Status;
import org.atex.api.TestEnd;
import org.atex.artifacts.ResultReader;
import org.atex.local.LocalConnection;
import org.atex.testkit.FakeConnection;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
@Timeout(180)
class CommandExecutorTest {
    @TempDir
    Path here;

    private TestEnd run(Executor.Factory factory, Command command) throws Exception {
        try (LocalConnection connection = LocalConnection.open();
                Executor executor = factory.open(connection)) {
            return executor.run(CommandTest.of("/test", command), Artifacts.at(here));
        }
    }

    private String results() throws IOException {
        return Files.readString(here.resolve("results"));
    }

    @Test
    void outputAndErrorsAreKeptInOrder() throws Exception {
        TestEnd end = run(CommandExecutor.factory(), Command.bash("echo one; echo two >&2; echo three; exit 3"));

        assertThat(end).isEqualTo(new TestEnd(Outcome.FAILED, 3, "exit code 3", true));
        assertThat(here.resolve("files/output.txt")).hasContent("one\ntwo\nthree\n");
        assertThat(results()).isEqualTo("{\"status\":\"fail\",\"note\":\"exit code 3\",\"files\":[\"output.txt\"]}\n");
    }

    @Test
    void programThatCannotBeRunHasFailed() throws Exception {
        TestEnd end = run(CommandExecutor.factory(), Command.of("no-such-program"));

        assertThat(end.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(end.exitCode()).isBetween(125, 127);
        assertThat(here.resolve("files/output.txt")).content().contains("no-such-program");
    }

    @Test
    void signalIsNamed() throws Exception {
        TestEnd end = run(CommandExecutor.factory(), Command.bash("kill -SEGV $$"));

        assertThat(end).isEqualTo(new TestEnd(Outcome.FAILED, 139, "signal SEGV", true));
    }

    @Test
    void processesAreListedAtTheLimit() throws Exception {
        TestEnd end;
        try (LocalConnection connection = LocalConnection.open();
                Executor executor = CommandExecutor.factory().open(connection)) {
            CommandTest test = CommandTest.of("/test", Command.bash("echo begun; sleep 98765 & wait"))
                    .withLimit(Duration.ofSeconds(1));
            end = executor.run(test, Artifacts.at(here));
        }

        assertThat(end).isEqualTo(TestEnd.of(Outcome.TIMED_OUT, "ended at its limit of 1s"));
        assertThat(results()).contains("\"files\":[\"output.txt\",\"processes.txt\"]");
        String[] parts = Files.readString(here.resolve("files/processes.txt")).split("All other processes", -1);
        assertThat(parts[0])
                .as("the processes of the test")
                .containsPattern("(?m)^ *\\d+ +\\d+ +\\d+ S +\\d+s +0s .* sleep +sleep 98765$");
        assertThat(parts[1]).as("the others").doesNotContain("98765").contains("java");
    }

    @Test
    void systemThatDoesNotAnswerDelaysTheEndForSecondsOnly() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        FakeConnection connection = FakeConnection.running(process -> {
            never.await();
            return new CommandEnd.Exited(0);
        });
        TestEnd end;
        try (connection;
                Executor executor = CommandExecutor.factory().open(connection)) {
            CommandTest test = CommandTest.of("/test", Command.of("hangs")).withLimit(Duration.ofMillis(50));
            end = executor.run(test, Artifacts.at(here));
        }

        assertThat(end).isEqualTo(TestEnd.of(Outcome.TIMED_OUT, "ended at its limit of 0.05s"));
        assertThat(here.resolve("files/processes.txt"))
                .content()
                .containsAnyOf("did not answer within 5s", "it took longer than 5s");
    }

    @Test
    void verdictMayLookAtTheOutput() throws Exception {
        StatusRule byOutput = (end, output) -> Files.readString(output).contains("SKIPPED") ? Status.SKIP : Status.WARN;

        TestEnd end = run(
                CommandExecutor.factory(test -> ((CommandTest) test).command(), byOutput),
                Command.of("echo", "SKIPPED: no tape drive"));

        assertThat(end.outcome()).isEqualTo(Outcome.SKIPPED);
        assertThat(results()).contains("\"skip\"");
    }

    @Test
    void verdictThatFailsIsAnError() throws Exception {
        StatusRule broken = (end, output) -> {
            throw new IOException("the output is gone");
        };

        TestEnd end = run(CommandExecutor.factory(test -> ((CommandTest) test).command(), broken), Command.of("true"));

        assertThat(end.outcome()).isEqualTo(Outcome.ERROR);
        assertThat(end.note()).contains("the output is gone");
        assertThat(results()).contains("\"error\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"head -c 900000 /dev/zero", "head -c 900000 /dev/zero; true", "yes"})
    void aFullDiskOfThisMachineSaysNothingAboutTheTest(String script) throws Exception {
        Path disk = Files.createDirectory(here.resolve("disk"));
        assumeTrue(
                new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=256k", "none", disk.toString())
                                .start()
                                .waitFor()
                        == 0,
                "only root can make a small disk");
        try (Connection connection = LocalConnection.open();
                Executor executor = CommandExecutor.factory().open(connection)) {
            CommandTest test = CommandTest.of("/test", Command.bash(script));
            Artifacts artifacts = Artifacts.at(disk);
            assertThatThrownBy(() -> executor.run(test, artifacts))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("/test")
                    .hasMessageContaining(disk.toString())
                    .hasMessageContaining("No space left");
        } finally {
            assertThat(new ProcessBuilder("umount", disk.toString()).start().waitFor())
                    .isZero();
        }
    }

    @Test
    void anInputThatIsNotThereIsTheTestsError() throws Exception {
        Path missing = here.resolve("missing");
        TestEnd end = run(CommandExecutor.factory(), Command.of("cat").withStdin(Input.file(missing)));
        assertThat(end.outcome()).isEqualTo(Outcome.ERROR);
        assertThat(end.note()).contains("it could not be run", missing.toString());
    }

    @Test
    void whateverTheUsersFunctionsThrowCostsOneTest() throws Exception {
        TestEnd noCommand = run(
                CommandExecutor.factory(test -> {
                    throw new StackOverflowError("deep");
                }),
                Command.of("true"));
        assertThat(noCommand.outcome()).isEqualTo(Outcome.ERROR);
        assertThat(noCommand.note()).contains("deep");
        TestEnd noVerdict = run(
                CommandExecutor.factory(test -> ((CommandTest) test).command(), (end, output) -> {
                    throw new NoClassDefFoundError("class");
                }),
                Command.of("true"));
        assertThat(noVerdict.outcome()).isEqualTo(Outcome.ERROR);
        assertThat(noVerdict.note()).contains("class");
    }

    @Test
    void resultsAreWhatReadersExpect() throws Exception {
        run(CommandExecutor.factory(), Command.of("true"));

        try (ResultReader reader = ResultReader.open(here.resolve("results"))) {
            assertThat(reader.next()).isNotNull();
        }
    }
}

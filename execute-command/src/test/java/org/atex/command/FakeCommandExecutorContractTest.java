package org.atex.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.List;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.TestCase;
import org.atex.testkit.ExecutorContract;
import org.atex.testkit.FakeConnection;
import org.atex.testkit.FakeProcess;
import org.atex.testkit.LeakCheck;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class FakeCommandExecutorContractTest extends ExecutorContract {
    private static CommandEnd run(FakeProcess process) throws Exception {
        process.stdout().write("some output".getBytes(UTF_8));
        return switch (process.command().arguments().getFirst()) {
            case "requires" ->
                new CommandEnd.Exited(
                        process.command()
                                        .arguments()
                                        .get(2)
                                        .equals(process.command()
                                                .environment()
                                                .get(process.command()
                                                        .arguments()
                                                        .get(1)))
                                ? 0
                                : 1);
            case "fails" -> new CommandEnd.Exited(1);
            case "waits" -> {
                Thread.sleep(Long.MAX_VALUE);
                yield new CommandEnd.Exited(2);
            }
            default -> new CommandEnd.Exited(0);
        };
    }

    @Override
    protected Connection connect() {
        return FakeConnection.running(FakeCommandExecutorContractTest::run);
    }

    @Override
    protected Executor.Factory factory() {
        return CommandExecutor.factory(test -> Command.of(List.of(test.name().split(":"))));
    }

    @Override
    protected TestCase passing() {
        return TestCase.named("passes");
    }

    @Override
    protected TestCase failing() {
        return TestCase.named("fails");
    }

    @Override
    protected TestCase endless(@Nullable Duration limit) {
        return limit == null ? TestCase.named("waits") : TestCase.named("waits").withLimit(limit);
    }

    @Override
    protected TestCase requiring(String variable, String value) {
        return TestCase.named("requires:" + variable + ":" + value);
    }

    @Override
    protected boolean canBeLost() {
        return true;
    }

    @Override
    protected void lose(Connection broken) {
        ((FakeConnection) broken).lose();
    }
}

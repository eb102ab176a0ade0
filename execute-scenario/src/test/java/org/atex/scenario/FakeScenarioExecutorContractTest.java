package org.atex.scenario;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
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
class FakeScenarioExecutorContractTest extends ExecutorContract {
    private static final Duration SHORT = Duration.ofMillis(50);

    private static CommandEnd run(FakeProcess process) throws Exception {
        process.stdout().write("some output".getBytes(UTF_8));
        return switch (process.command().arguments().getFirst()) {
            case "fails" -> new CommandEnd.Exited(1);
            case "cat" -> {
                Thread.sleep(Long.MAX_VALUE);
                yield new CommandEnd.Exited(2);
            }
            default -> new CommandEnd.Exited(0);
        };
    }

    @Override
    protected Connection connect() {
        return FakeConnection.running(FakeScenarioExecutorContractTest::run);
    }

    @Override
    protected Executor.Factory factory() {
        return ScenarioExecutor.factory();
    }

    @Override
    protected TestCase passing() {
        return Scenario.of("/passing", SHORT, Event.command("passes", Command.of("passes")));
    }

    @Override
    protected TestCase failing() {
        return Scenario.of("/failing", SHORT, Event.command("fails", Command.of("fails")));
    }

    @Override
    protected TestCase endless(@Nullable Duration limit) {
        // Nothing uses the connection, and nothing happens for an hour.
        return Scenario.of("/endless", Duration.ofDays(1), Event.every("tick", Duration.ofHours(1), occurrence -> {}))
                .withLimit(limit);
    }

    @Override
    protected TestCase requiring(String variable, String value) {
        return Scenario.of("/requiring", SHORT, Event.atStart("test", occurrence -> {
            if (!value.equals(occurrence.environment().get(variable))) {
                throw new IllegalStateException(variable + " is not set");
            }
        }));
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

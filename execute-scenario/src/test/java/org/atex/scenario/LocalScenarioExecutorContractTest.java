package org.atex.scenario;

import java.time.Duration;
import java.util.UUID;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.TestCase;
import org.atex.local.LocalConnection;
import org.atex.testkit.ExecutorContract;
import org.atex.testkit.LeakCheck;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class LocalScenarioExecutorContractTest extends ExecutorContract {
    private static final Duration SHORT = Duration.ofMillis(50);

    private final String leftover = UUID.randomUUID().toString();

    @Override
    protected Connection connect() throws Exception {
        return LocalConnection.open();
    }

    @Override
    protected Executor.Factory factory() {
        return ScenarioExecutor.factory();
    }

    @Override
    protected TestCase passing() {
        return Scenario.of("/passing", SHORT, Event.command("echo", Command.of("echo", "all is well")));
    }

    @Override
    protected TestCase failing() {
        return Scenario.of("/failing", SHORT, Event.command("exit", Command.bash("echo something broke >&2; exit 3")));
    }

    @Override
    protected TestCase endless(@Nullable Duration limit) {
        return Scenario.of(
                        "/endless",
                        Duration.ofDays(1),
                        Event.command("sleep", Command.bash("sleep 1000 & sleep 1000")),
                        Event.every("tick", Duration.ofHours(1), occurrence -> {}))
                .withLimit(limit);
    }

    @Override
    protected TestCase requiring(String variable, String value) {
        return Scenario.of(
                "/requiring", SHORT, Event.command("test", Command.bash("[[ ${!1-} == \"$2\" ]]", variable, value)));
    }

    @Override
    protected TestCase foreign() {
        return TestCase.named("/no-scenario");
    }

    @Override
    protected TestCase leavingAProcess() {
        // The action does not close its command.
        return Scenario.of(
                "/leaving",
                SHORT,
                Event.atStart(
                        "daemon",
                        occurrence -> occurrence
                                .connection()
                                .start(Command.bash("setsid bash -c 'sleep 1000; exit 1' \"$1\"", leftover))));
    }

    @Override
    protected boolean isLeftBehind(Connection system) throws Exception {
        return ProcessHandle.allProcesses()
                .anyMatch(process -> process.info().commandLine().orElse("").contains(leftover));
    }
}

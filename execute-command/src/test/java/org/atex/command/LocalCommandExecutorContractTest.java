package org.atex.command;

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
class LocalCommandExecutorContractTest extends ExecutorContract {
    private final String leftover = UUID.randomUUID().toString();

    @Override
    protected Connection connect() {
        return LocalConnection.open();
    }

    @Override
    protected Executor.Factory factory() {
        return CommandExecutor.factory();
    }

    @Override
    protected TestCase passing() {
        return CommandTest.of("/passing", Command.of("echo", "all is well"));
    }

    @Override
    protected TestCase failing() {
        return CommandTest.of("/failing", Command.bash("echo something broke >&2; exit 3"));
    }

    @Override
    protected TestCase endless(@Nullable Duration limit) {
        CommandTest test = CommandTest.of("/endless", Command.bash("sleep 1000 & sleep 1000"));
        return limit == null ? test : test.withLimit(limit);
    }

    @Override
    protected TestCase requiring(String variable, String value) {
        return CommandTest.of("/requiring", Command.bash("[[ ${!1-} == \"$2\" ]]", variable, value));
    }

    @Override
    protected TestCase foreign() {
        return TestCase.named("/no-command");
    }

    @Override
    protected TestCase leavingAProcess() {
        return CommandTest.of(
                "/leaving", Command.bash("(setsid bash -c 'sleep 1000; exit 1' \"$1\" &); exit 0", leftover));
    }

    @Override
    protected boolean isLeftBehind(Connection system) {
        return ProcessHandle.allProcesses()
                .anyMatch(process -> process.info().commandLine().orElse("").contains(leftover));
    }
}

package org.atex.testkit;

import java.time.Duration;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.TestCase;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class FakeExecutorContractTest extends ExecutorContract {
    @Override
    protected Connection connect() {
        return FakeConnection.obedient();
    }

    @Override
    protected Executor.Factory factory() {
        return FakeExecutors.running(FakePrograms::runOf);
    }

    @Override
    protected TestCase passing() {
        return TestCase.named("/passing");
    }

    @Override
    protected TestCase failing() {
        return TestCase.named("/failing");
    }

    @Override
    protected TestCase endless(@Nullable Duration limit) {
        return limit == null
                ? TestCase.named("/endless")
                : TestCase.named("/endless").withLimit(limit);
    }

    @Override
    protected TestCase requiring(String variable, String value) {
        return TestCase.named("/requiring " + variable + "=" + value);
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

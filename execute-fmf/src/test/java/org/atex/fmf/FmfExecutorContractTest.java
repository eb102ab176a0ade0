package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.TestCase;
import org.atex.local.LocalConnection;
import org.atex.testkit.ExecutorContract;
import org.atex.testkit.LeakCheck;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;

/** The contract of executors, with a small tree of tests on this machine. */
@ExtendWith(LeakCheck.class)
class FmfExecutorContractTest extends ExecutorContract {
    private final String leftover = UUID.randomUUID().toString();
    private @Nullable FmfTests tests;

    /** {@return the tests, which are discovered on the first call} */
    private FmfTests tests() {
        if (tests == null) {
            tests = discover();
        }
        return tests;
    }

    private FmfTests discover() {
        try {
            Path tree = Files.createDirectory(here.resolve("tree"));
            Files.createDirectory(tree.resolve(".fmf"));
            Files.writeString(tree.resolve(".fmf/version"), "1\n");
            Files.writeString(tree.resolve("main.fmf"), """
                    /passing:
                        test: echo all is well
                    /failing:
                        test: echo something broke >&2; exit 3
                    /endless:
                        test: sleep 1000 & sleep 1000
                    /requiring:
                        test: '[ "$ATEX_CONTRACT" = "the value" ]'
                    /leaving:
                        test: (setsid bash -c 'sleep 1000; exit 1' %s &); exit 0
                    """.formatted(leftover));
            return FmfTests.from(tree).discover();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private FmfTest test(String name) {
        return tests().stream()
                .filter(test -> test.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Override
    protected Connection connect() {
        return LocalConnection.open();
    }

    /** {@return the options of the executor} */
    FmfOptions options() {
        return FmfOptions.defaults();
    }

    @Override
    protected Executor.Factory factory() {
        return FmfExecutor.factory(tests(), options());
    }

    @Override
    protected TestCase passing() {
        return test("/passing");
    }

    @Override
    protected TestCase failing() {
        return test("/failing");
    }

    @Override
    protected TestCase endless(@Nullable Duration limit) {
        return limit == null ? test("/endless") : test("/endless").withLimit(limit);
    }

    @Override
    protected TestCase requiring(String variable, String value) {
        assertThat(variable + "=" + value).isEqualTo("ATEX_CONTRACT=the value");
        return test("/requiring");
    }

    @Override
    protected TestCase foreign() {
        return TestCase.named("/no-fmf");
    }

    @Override
    protected TestCase leavingAProcess() {
        return test("/leaving");
    }

    @Override
    protected boolean isLeftBehind(Connection system) {
        return ProcessHandle.allProcesses()
                .anyMatch(process -> process.info().commandLine().orElse("").contains(leftover));
    }
}

package org.atex.pytest;

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

@ExtendWith({RequiresPytest.class, LeakCheck.class})
class PytestExecutorContractTest extends ExecutorContract {
    private final String leftover = UUID.randomUUID().toString();

    @Override
    protected Connection connect() {
        return LocalConnection.open();
    }

    @Override
    protected Executor.Factory factory() throws IOException {
        Path directory = here.resolve("project");
        if (!Files.exists(directory)) {
            new Samples(directory).with("test_contract.py", """
                    import os, subprocess, time

                    def test_passing(): pass

                    def test_failing(): assert False, "something broke"

                    def test_endless():
                        subprocess.Popen(["sleep", "1000"])
                        time.sleep(1000)

                    def test_requiring():
                        assert os.environ.get("ATEX_CONTRACT") == "the value"

                    def test_leaving():
                        subprocess.Popen(["bash", "-c", "sleep 1000; exit 1", "%s"], start_new_session=True)
                    """.formatted(leftover));
        }
        return PytestExecutor.factory(PytestProject.of(directory, "*.py"));
    }

    private static PytestTest test(String name) {
        return PytestTest.of("test_contract.py::test_" + name);
    }

    @Override
    protected TestCase passing() {
        return test("passing");
    }

    @Override
    protected TestCase failing() {
        return test("failing");
    }

    @Override
    protected TestCase endless(@Nullable Duration limit) {
        return limit == null ? test("endless") : test("endless").withLimit(limit);
    }

    @Override
    protected TestCase requiring(String variable, String value) {
        return test("requiring");
    }

    @Override
    protected TestCase foreign() {
        return TestCase.named("/not-pytest");
    }

    @Override
    protected TestCase leavingAProcess() {
        return test("leaving");
    }

    @Override
    protected boolean isLeftBehind(Connection system) {
        return ProcessHandle.allProcesses()
                .anyMatch(process -> process.info().commandLine().orElse("").contains(leftover));
    }
}

package org.atex.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;

/** Waits instead of running a test, and writes the artifacts of a test. */
record WaitingExecutor(Duration each) implements Executor {
    @Override
    public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
        Thread.sleep(each);
        try {
            ThousandSystems.write(into);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return TestEnd.exited(0);
    }

    @Override
    public void close() {}
}

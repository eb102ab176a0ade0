package org.atex.adhoc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;

/** Starts runs in the background, and makes executors for them. */
final class Runs {
    private Runs() {}

    static CompletableFuture<RunSummary> begin(AdHocOrchestrator run) {
        CompletableFuture<RunSummary> summary = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("test-run").start(() -> {
            try {
                summary.complete(run.run());
            } catch (Throwable e) {
                summary.completeExceptionally(e);
            }
        });
        return summary;
    }

    static RunSummary in(AdHocOrchestrator run, Duration limit) throws Exception {
        return begin(run).get(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** {@return executors whose tests leave this text as their results, and exit with 0} */
    static Executor.Factory reporting(String results) {
        return system -> new Executor() {
            @Override
            public TestEnd run(TestCase test, Artifacts into) {
                try {
                    Files.writeString(into.results(), results);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                return TestEnd.exited(0);
            }

            @Override
            public void close() {}
        };
    }
}

package org.atex.adhoc;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.atex.api.RunSummary;

/** Starts runs in the background. */
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
}

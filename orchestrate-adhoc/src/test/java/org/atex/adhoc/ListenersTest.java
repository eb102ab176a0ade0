package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.atex.api.Problem;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.testkit.Call;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ListenersTest {
    private static final RunListener BROKEN = event -> {
        throw new IllegalStateException("a bug");
    };

    @Test
    void drainWaitsForAReportThatIsUnderWay() throws Exception {
        BlockingQueue<Problem> problems = new LinkedBlockingQueue<>();
        CountDownLatch reporting = new CountDownLatch(1);
        CompletableFuture<Boolean> go = new CompletableFuture<>();
        try (Guard guard = new Guard(Duration.ofSeconds(10), (what, limit) -> {})) {
            Listeners listeners = new Listeners(List.of(BROKEN), guard, Duration.ofMillis(20), problem -> {
                reporting.countDown();
                go.join();
                problems.add(problem);
            });
            listeners.publish(new RunEvent.Waiting(new RunEvent.Stamp("run", 1, Instant.EPOCH), 1, "text"));
            reporting.await();

            Call<Boolean> drained = Call.to(listeners::drain);

            // Longer than the limit: drain() would return here without the problem.
            assertThatThrownBy(() -> drained.result(Duration.ofMillis(200))).hasMessageContaining("did not end");
            go.complete(true);
            drained.result();
            assertThat(problems).hasSize(1);
        }
    }
}

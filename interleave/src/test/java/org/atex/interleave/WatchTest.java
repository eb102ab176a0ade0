package org.atex.interleave;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class WatchTest {
    private static final Patience PATIENCE = Patience.forSearch(Duration.ofDays(1), Duration.ofMillis(250));

    private final AtomicLong clock = new AtomicLong();

    @Test
    void pausesOfTheMachineDoNotCount() throws InterruptedException {
        CountDownLatch latch = new CountDownLatch(1);
        ActorThread actor = new ActorThread("alice", checkpoints -> latch.await());
        actor.start(new Ignoring());
        while (!actor.activity().waiting()) {
            Thread.onSpinWait();
        }
        Watch watch = new Watch(PATIENCE, actor, clock::get);

        assertThat(look(watch, Duration.ofMillis(20))).as("the first look").isEmpty();
        assertThat(look(watch, Duration.ofMinutes(10))).as("after a pause").isEmpty();
        assertThat(look(watch, Duration.ofMinutes(10)))
                .as("after another pause")
                .isEmpty();
        for (int looks = 3; looks < 13; looks++) {
            assertThat(look(watch, Duration.ofMillis(20))).isEmpty();
        }
        assertThat(look(watch, Duration.ofMillis(20)))
                .as("after more than 250 ms of looks")
                .contains("waits for another thread");
        latch.countDown();
        assertThat(actor.awaitEnd(Duration.ofSeconds(30))).isTrue();
    }

    private Optional<String> look(Watch watch, Duration later) {
        clock.addAndGet(later.toNanos());
        return watch.look(thread -> Optional.empty(), "its end");
    }

    /** Stops no actor. */
    private static final class Ignoring implements Gate {
        @Override
        public void reach(String checkpoint) {
            // Passes.
        }

        @Override
        public void ended(@Nullable Throwable failure) {
            // The test waits for the end of the thread.
        }
    }
}

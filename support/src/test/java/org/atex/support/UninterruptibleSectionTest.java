package org.atex.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class UninterruptibleSectionTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    private static Deadline soon() {
        return Deadline.in(Duration.ofMillis(20));
    }

    @Test
    void pendingInterruptIsClearInsideAndPendingAfterwards() {
        Thread.currentThread().interrupt();
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            assertThat(section.awaitDone(CompletableFuture.completedFuture("done"), soon()))
                    .isTrue();
        }
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void withoutAnInterruptNoneIsPendingAfterwards() {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            assertThat(section.awaitDone(new CompletableFuture<>(), soon())).isFalse();
        }
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void everyWaitOutlivesInterruptsAndIsClearForTheNext() throws InterruptedException {
        CountDownLatch latch = new CountDownLatch(1);
        CompletableFuture<String> future = new CompletableFuture<>();
        Thread other = Threads.unstarted("other", () -> {});
        AtomicBoolean clearBetween = new AtomicBoolean();
        AtomicBoolean pending = new AtomicBoolean();
        Thread waiting = Threads.start("waiting", () -> {
            try (UninterruptibleSection section = UninterruptibleSection.enter()) {
                section.await(latch);
                clearBetween.set(!Thread.currentThread().isInterrupted());
                section.awaitDone(future);
                clearBetween.compareAndSet(true, !Thread.currentThread().isInterrupted());
            }
            pending.set(Thread.currentThread().isInterrupted());
        });
        interruptWhenWaiting(waiting);
        latch.countDown();
        interruptWhenWaiting(waiting);
        future.completeExceptionally(new IllegalStateException("an exception is an end, too"));

        assertThat(waiting.join(LONG)).isTrue();
        assertThat(clearBetween)
                .as("no interrupt was pending between the waits")
                .isTrue();
        assertThat(pending).as("the interrupt is pending after the section").isTrue();
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            assertThat(section.join(other, Duration.ZERO))
                    .as("a thread that was not started")
                    .isTrue();
            assertThat(section.join(List.of(other, waiting), Duration.ZERO))
                    .as("a thread that has ended, without time left")
                    .isTrue();
        }
    }

    private static void interruptWhenWaiting(Thread thread) {
        while (thread.getState() != Thread.State.WAITING && thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        thread.interrupt();
        // The wait has begun again when the interrupt is consumed.
        while (thread.isInterrupted()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void interruptedStepEndsEarly() {
        AtomicBoolean completed = new AtomicBoolean(true);
        UninterruptibleSection.run(() -> {
            Thread.currentThread().interrupt();
            try {
                Thread.sleep(LONG);
            } finally {
                completed.set(false);
            }
        });
        assertThat(completed).isFalse();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void joinIsBounded() {
        CountDownLatch end = new CountDownLatch(1);
        Thread running = Threads.start("running", () -> {
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            assertThat(section.join(running, Duration.ofMillis(20))).isFalse();
            end.countDown();
            section.join(running);
        }
        assertThat(running.isAlive()).isFalse();
    }
}

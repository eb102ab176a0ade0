package org.atex.scenario;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** The kill switch of the occurrences during a scenario, or of those at its end. Thread-safe. */
final class RunSwitch implements KillSwitch {
    private final CountDownLatch pulled = new CountDownLatch(1);
    private final BiConsumer<RunSwitch, String> onPull;

    /**
     * Creates a switch.
     *
     * @param onPull receives this switch and the reason each time that an event pulls it; throws if the scenario has ended
     */
    RunSwitch(BiConsumer<RunSwitch, String> onPull) {
        this.onPull = onPull;
    }

    @Override
    public boolean pulled() {
        return pulled.getCount() == 0;
    }

    @Override
    public boolean await(Duration atMost) throws InterruptedException {
        return pulled.await(TimeUnit.NANOSECONDS.convert(atMost), TimeUnit.NANOSECONDS);
    }

    @Override
    public void pull(String reason) {
        onPull.accept(this, reason);
        pulled.countDown();
    }

    /** Pulls the switch because the scenario ends. */
    void pullAtEnd() {
        pulled.countDown();
    }
}

package org.atex.adhoc;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Notices when tests have waited too long without a single system. */
final class Watch implements AutoCloseable {
    private final Duration patience;
    private final Runnable tooLong;
    private @Nullable Thread timer;

    Watch(Duration patience, Runnable tooLong) {
        this.patience = patience;
        this.tooLong = tooLong;
    }

    /** Says whether there is no system now; the time runs from the first yes to the next no. */
    synchronized void waiting(boolean now) {
        if (now && timer == null) {
            timer = Threads.start("patience", this::count);
        } else if (!now && timer != null) {
            timer.interrupt();
            timer = null;
        }
    }

    private void count() {
        try {
            Thread.sleep(patience);
        } catch (InterruptedException e) {
            return;
        }
        tooLong.run();
    }

    @Override
    public void close() {
        waiting(false);
    }
}

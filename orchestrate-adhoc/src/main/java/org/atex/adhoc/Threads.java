package org.atex.adhoc;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts the run's own threads: named daemon threads that log uncaught exceptions. */
final class Threads {
    private static final Logger LOG = LoggerFactory.getLogger(AdHocOrchestrator.class);

    private Threads() {}

    static Thread start(String name, Runnable task) {
        return Thread.ofPlatform()
                .daemon()
                .name("atex-" + name)
                .uncaughtExceptionHandler((thread, e) -> LOG.error("{} died", thread.getName(), e))
                .start(task);
    }
}

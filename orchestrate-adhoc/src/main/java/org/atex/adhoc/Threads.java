package org.atex.adhoc;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The threads that the run itself works on: few, daemons, named, and none dies unheard. */
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

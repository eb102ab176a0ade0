package org.atex.adhoc;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where every thread of a run comes from: virtual, named, and none dies unheard. */
final class Threads {
    private static final Logger LOG = LoggerFactory.getLogger(AdHocOrchestrator.class);

    private Threads() {}

    static Thread unstarted(String name, Runnable task) {
        return Thread.ofVirtual()
                .name("atex-" + name)
                .uncaughtExceptionHandler((thread, e) -> LOG.error("{} died", thread.getName(), e))
                .unstarted(task);
    }

    static Thread start(String name, Runnable task) {
        Thread thread = unstarted(name, task);
        thread.start();
        return thread;
    }
}

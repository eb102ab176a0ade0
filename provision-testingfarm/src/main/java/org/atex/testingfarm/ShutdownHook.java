package org.atex.testingfarm;

/** Does something if the program ends while it is open. Thread-safe. */
final class ShutdownHook implements AutoCloseable {
    private final Thread thread;

    private ShutdownHook(Thread thread) {
        this.thread = thread;
    }

    static ShutdownHook register(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        Runtime.getRuntime().addShutdownHook(thread);
        return new ShutdownHook(thread);
    }

    /** {@return what would run} */
    Thread thread() {
        return thread;
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(thread);
        } catch (IllegalStateException e) {
            // The program is ending: it does its work.
        }
    }
}

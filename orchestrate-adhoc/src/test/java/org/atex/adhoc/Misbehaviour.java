package org.atex.adhoc;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;

/** The ways in which user code may misbehave. */
enum Misbehaviour {
    RUNTIME_EXCEPTION,
    ASSERTION_ERROR,
    STACK_OVERFLOW,
    OUT_OF_MEMORY,
    NO_CLASS,
    UNDECLARED_IO_EXCEPTION,
    UNDECLARED_EXCEPTION,
    MESSAGE_THROWS,
    BLOCKS,
    BLOCKS_DEAF;

    /** An exception with methods that throw. */
    private static final class Unspeakable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @Override
        public String getMessage() {
            throw new IllegalStateException("the exception has no message");
        }

        @Override
        public String toString() {
            throw new IllegalStateException("the exception has no message");
        }
    }

    boolean blocks() {
        return this == BLOCKS || this == BLOCKS_DEAF;
    }

    /**
     * Misbehaves.
     *
     * @param end ends a blocked call when the test is over
     */
    <T> T happen(CountDownLatch end) {
        return switch (this) {
            case RUNTIME_EXCEPTION -> throw new IllegalStateException("a bug");
            case ASSERTION_ERROR -> throw new AssertionError("a bug");
            case STACK_OVERFLOW -> happenDeeply(end);
            case OUT_OF_MEMORY -> throw new OutOfMemoryError("a bug");
            case NO_CLASS -> throw new NoClassDefFoundError("a/mistake");
            case UNDECLARED_IO_EXCEPTION -> throw sneaky(new IOException("a bug"));
            case UNDECLARED_EXCEPTION -> throw sneaky(new Exception("a bug"));
            case MESSAGE_THROWS -> throw new Unspeakable();
            case BLOCKS -> block(end);
            case BLOCKS_DEAF -> blockDeaf(end);
        };
    }

    private <T> T happenDeeply(CountDownLatch end) {
        T value = happenDeeply(end);
        return value;
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> RuntimeException sneaky(Throwable e) throws E {
        throw (E) e;
    }

    private static <T> T block(CountDownLatch end) {
        try {
            end.await();
        } catch (InterruptedException e) {
            throw sneaky(e);
        }
        throw new IllegalStateException("the test is over");
    }

    private static <T> T blockDeaf(CountDownLatch end) {
        while (true) {
            try {
                end.await();
                throw new IllegalStateException("the test is over");
            } catch (InterruptedException e) {
                // Ignores the interrupt.
            }
        }
    }
}

package org.atex.interleave;

/**
 * The checkpoints of an actor. Code under test calls {@link #reach} at places whose order matters, or the test wraps an
 * interface that this code uses.
 *
 * <p>An {@link ActorBody} gets the checkpoints of its actor. If an object serves several actors, give it {@link
 * #ofCurrentActor()} instead.
 *
 * <p>Tests of code with checkpoints may implement this interface themselves, such as {@code name -> {}}.
 *
 * <p>Thread-safe.
 */
@FunctionalInterface
public interface Checkpoints {
    /**
     * Returns when the plan lets the actor pass this checkpoint. A checkpoint that the plan does not contain is passed
     * at once.
     *
     * <p>An interrupt does not move an actor that is parked here: it is pending when the actor passes. Only {@link
     * Interleaving#close} ends the wait early. When the plan has ended with a failure, the call waits for {@code close}.
     *
     * @param checkpoint the name of the checkpoint, not {@code start} or {@code end}; it need not be unique
     * @throws InterruptedException if the interleaving is closed
     * @throws IllegalArgumentException if the name is blank, {@code start} or {@code end}
     */
    void reach(String checkpoint) throws InterruptedException;

    /**
     * Returns the checkpoints of the actor whose thread calls {@link #reach}. Other threads, such as that of the test,
     * pass all checkpoints at once.
     *
     * @return the checkpoints
     */
    static Checkpoints ofCurrentActor() {
        return ActorThread::reachAsCurrentActor;
    }

    /**
     * Wraps an object, so that a call has the checkpoints {@code before Type.method} and {@code after Type.method}, where
     * {@code Type} is the simple name of the interface.
     *
     * @param <T> the interface
     * @param type the interface, also if the method is inherited from another one
     * @param target the object
     * @return the wrapped object
     * @throws IllegalArgumentException as in {@link #wrap(Class, String, Object)}
     */
    default <T> T wrap(Class<T> type, T target) {
        return wrap(type, type.getSimpleName(), target);
    }

    /**
     * Wraps an object, so that a call has the checkpoints {@code before name.method} and {@code after name.method}.
     *
     * <p>The checkpoint after a call is reached when the call has returned or thrown. Overloaded methods have the same
     * checkpoints. The methods of {@link Object} have none, and neither have calls of the object to itself. If the
     * interleaving is closed, methods throw an {@link InterruptedException} if they declare it, and otherwise a {@link
     * java.util.concurrent.CancellationException} with a pending interrupt.
     *
     * @param <T> the interface
     * @param type the interface, also if the method is inherited from another one
     * @param name the name of the object, which distinguishes objects with the same interface
     * @param target the object
     * @return the wrapped object; as thread-safe as the object
     * @throws IllegalArgumentException if the type is no interface or is sealed, if its module does not allow calls by
     *     reflection, or if the name is blank
     */
    default <T> T wrap(Class<T> type, String name, T target) {
        return WrappedCalls.wrap(this, type, name, target);
    }
}

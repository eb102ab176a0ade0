package org.atex.interleave;

/** The code of an actor. It runs once, in a thread of its own. */
@FunctionalInterface
public interface ActorBody {
    /**
     * Runs the code.
     *
     * @param checkpoints the checkpoints of this actor; other threads that the code starts may use them, too
     * @throws Exception to end the whole interleaving: the caller gets an {@link ActorFailedException}
     */
    void run(Checkpoints checkpoints) throws Exception;
}

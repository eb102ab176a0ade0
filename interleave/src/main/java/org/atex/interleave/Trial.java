package org.atex.interleave;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.atex.api.Command;
import org.atex.api.Connection;

/**
 * One run of the actors of an {@link Exploration}, in one order.
 *
 * <p>Not thread-safe; for use in {@link Scenario#prepare}.
 */
public final class Trial {
    private final Map<String, Supplier<Actor>> actors = new LinkedHashMap<>();
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private Check check = () -> {};

    Trial() {}

    /** An assertion at the end of a trial. */
    @FunctionalInterface
    public interface Check {
        /**
         * Checks the result of the actors.
         *
         * @throws Exception to make the order fail, like an {@link Error}
         */
        void run() throws Exception;
    }

    /**
     * Adds an actor. Its code runs in a daemon platform thread.
     *
     * @param name the name, not blank and without a colon
     * @param body the code
     * @return this trial
     * @throws IllegalArgumentException if the name is invalid or not unique
     */
    public Trial actor(String name, ActorBody body) {
        Actor.add(actors, name, () -> new ActorThread(name, body));
        return this;
    }

    /**
     * Adds an actor that is a command on a system, as {@link Interleaving.Plan#withActor(String, Connection, Command)}.
     *
     * @param name the name, not blank and without a colon
     * @param connection the connection to the system
     * @param command the command
     * @return this trial
     * @throws IllegalArgumentException if the name is invalid or not unique, or if the command redirects its input or its
     *     outputs
     */
    public Trial actor(String name, Connection connection, Command command) {
        ActorProcess.check(name, command);
        Actor.add(actors, name, () -> new ActorProcess(name, connection, command));
        return this;
    }

    /**
     * Sets the check that runs in the thread of the caller when all actors have ended without a failure.
     *
     * @param check the check
     * @return this trial
     */
    public Trial check(Check check) {
        this.check = check;
        return this;
    }

    /**
     * Closes a resource at the end of the trial, after those that are added later. An exception makes the order fail.
     *
     * @param <T> the type of the resource
     * @param resource the resource
     * @return the resource
     */
    public <T extends AutoCloseable> T closing(T resource) {
        resources.push(resource);
        return resource;
    }

    Map<String, Supplier<Actor>> actors() {
        return actors;
    }

    Check check() {
        return check;
    }

    /** Closes all resources, and throws the first exception with the others suppressed. */
    void close() throws Exception {
        Exception first = null;
        for (AutoCloseable resource : resources) {
            try {
                resource.close();
            } catch (Exception e) {
                if (first == null) {
                    first = e;
                } else if (!first.equals(e)) {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}

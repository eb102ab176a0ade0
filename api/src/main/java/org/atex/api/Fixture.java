package org.atex.api;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something that is started once for several tests, and finished when none of them can come any more: a server, a
 * database, an installed package.
 *
 * {@snippet :
 * Fixture<Server> server = new Fixture<>() {
 *     @Override
 *     public String name() {
 *         return "server";
 *     }
 *
 *     @Override
 *     public Scope scope() {
 *         return Scope.RUN;
 *     }
 *
 *     @Override
 *     public Server start(Context context) throws IOException {
 *         return Server.start();
 *     }
 *
 *     @Override
 *     public void finish(Server value, Context context) {
 *         value.stop();
 *     }
 *
 *     @Override
 *     public Map<String, String> environment(Server value) {
 *         return Map.of("SERVER_URL", value.url());
 *     }
 * };
 * builder.fixture(server); // and TestCase.named("/login").withFixture("server")
 * }
 *
 * <p>Lifecycle: {@link #start} is called when the first test that uses the fixture is about to start, {@link #finish}
 * once for each start that returned, also if the run is stopped. A start that is interrupted or throws must undo what it
 * has done.
 *
 * <p>Thread safety: {@link #start} and {@link #finish} may be called from any thread, for different systems, groups and
 * tests at the same time.
 *
 * @param <T> the type of the value that tests use
 */
public interface Fixture<T extends @Nullable Object> {
    /** How many tests share a started fixture. Wider scopes are first. */
    enum Scope {
        /** All tests of the run. */
        RUN,
        /** The tests on one system. It is finished before the system is released or reset. */
        SYSTEM,
        /** The tests of one group, see {@link TestCase#group}. */
        GROUP,
        /** One attempt at one test; all parts of a {@link MultihostTest} share it. */
        TEST
    }

    /** {@return the name by which tests refer to it, unique within a run} */
    String name();

    /** {@return how many tests share it} */
    Scope scope();

    /**
     * {@return the fixtures whose values {@link #start} and {@link #finish} use} They are started before this one and
     * finished after it. Each must have the same scope or a wider one.
     */
    default List<Fixture<?>> uses() {
        return List.of();
    }

    /**
     * Starts the fixture.
     *
     * @param context the system and the values of other fixtures
     * @return the value that tests use; null if they need none
     * @throws Exception if it cannot be started; tests that need it end as {@link Outcome#SETUP_FAILED}. With the scope
     *     {@link Scope#SYSTEM}, they are tried on another system first.
     */
    T start(Context context) throws Exception;

    /**
     * Finishes what {@link #start} began.
     *
     * @param value the value that it returned
     * @param context the system and the values of other fixtures
     * @throws Exception if it could not be finished, which is a problem of the run
     */
    default void finish(T value, Context context) throws Exception {}

    /**
     * Finishes what {@link #start} began in another program, which was killed before it could finish it. Called when a
     * run is resumed, before its first test, for fixtures of the scope {@link Scope#RUN}.
     *
     * @return whether that is possible, also if nothing is left; by default it is not, which is a problem of the run
     * @throws Exception if it could not be finished, which is a problem of the run
     */
    default boolean finishLeft() throws Exception {
        return false;
    }

    /**
     * {@return variables for the commands of the tests that use it}
     *
     * @param value the value that {@link #start} returned
     */
    default Map<String, String> environment(T value) {
        return Map.of();
    }

    /** {@return the limit for each call of {@link #start} and {@link #finish}; 15 min by default} */
    default Duration limit() {
        return Duration.ofMinutes(15);
    }

    /** Where a fixture is started. */
    interface Context {
        /**
         * {@return the system on which it is started} It must not be closed.
         *
         * @throws IllegalStateException with the scope {@link Scope#RUN}, with {@link Scope#GROUP} if the tests of the
         *     group may run on several systems, or with {@link Scope#TEST} if the test runs on several
         */
        Remote remote();

        /**
         * {@return the value of another fixture}
         *
         * @param used one of {@link Fixture#uses()}
         * @param <U> the type of its value
         * @throws IllegalStateException if it is none of these
         */
        <U extends @Nullable Object> U value(Fixture<U> used);
    }
}

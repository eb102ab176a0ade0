package org.atex.scenario;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.atex.api.RunningCommand;
import org.atex.support.Threads;

/** The commands that run for the events of a scenario, each with the connection that started it. Thread-safe. */
final class OpenCommands implements AutoCloseable {
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(10);

    private final Map<RunningCommand, ScenarioConnection> commands = new ConcurrentHashMap<>();
    private volatile boolean closed;

    boolean isClosed() {
        return closed;
    }

    void add(RunningCommand command, ScenarioConnection startedBy) {
        commands.put(command, startedBy);
    }

    void remove(RunningCommand command) {
        commands.remove(command);
    }

    /** Kills the commands that were started through a connection. */
    void close(ScenarioConnection startedBy) {
        closeIf(startedBy::equals);
    }

    /** Kills all commands. Later ones are refused by {@link ScenarioConnection}. */
    @Override
    public void close() {
        closed = true;
        closeIf(any -> true);
    }

    private void closeIf(Predicate<ScenarioConnection> condition) {
        List<Thread> closing = commands.entrySet().stream()
                .filter(entry -> condition.test(entry.getValue()))
                .map(entry -> Threads.start("scenario-close", entry.getKey()::close))
                .toList();
        // A close that takes longer goes on in its thread; the connection limits it.
        var unused = Threads.join(closing, CLOSE_WITHIN);
    }
}

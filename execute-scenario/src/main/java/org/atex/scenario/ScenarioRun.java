package org.atex.scenario;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestInvocation;
import org.atex.artifacts.ProcessList;
import org.atex.artifacts.SafePath;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a scenario. The thread that calls {@link #run} passes events to the {@link Timetable} and carries out its
 * decisions; it is blocked in between. Everything else happens in the threads of the occurrences.
 *
 * <p>Thread safety: {@code run} is called once; the methods for occurrences are called from any thread.
 */
final class ScenarioRun {
    private static final String INTERRUPTED = "ended by an interrupt";

    /** Lines of results must not be too long for their readers. */
    private static final int MAX_NAME = 1000;

    private static final int MAX_NOTE = 10_000;

    /** An event for the loop. */
    private sealed interface Message {
        /** The connection works, and the scenario can start. */
        record Ready() implements Message {}

        record Ended(OccurrenceId occurrence) implements Message {}

        /** A kill switch was pulled, or the connection was lost if it is null. */
        record End(@Nullable RunSwitch pulled) implements Message {}

        /** The artifacts cannot be written. */
        record StorageFailed(String reason) implements Message {}
    }

    private final String test;
    private final Scenario scenario;
    private final Duration limit;
    private final Map<String, String> environment;
    private final Connection connection;
    private final Artifacts into;
    private final ScenarioResults results;
    private final LinkedBlockingQueue<Message> messages = new LinkedBlockingQueue<>();
    private final OpenCommands commands = new OpenCommands();
    private final List<EventTally> tallies;
    private final List<EventOutput> outputs;
    private final AtomicReference<@Nullable String> lost = new AtomicReference<>();
    private final AtomicReference<@Nullable IOException> storageFailure = new AtomicReference<>();
    private final AtomicReference<@Nullable String> firstFailure = new AtomicReference<>();

    // Only the thread of run() uses the following fields.
    private final Map<OccurrenceId, RunningOccurrence> running = new HashMap<>();
    private final List<String> abandoned = new ArrayList<>();
    private RunSwitch killSwitch = new RunSwitch(this::pull);
    private boolean interrupted;
    private boolean isListed;
    private List<String> processList = List.of();

    ScenarioRun(Scenario scenario, TestCase test, Connection connection, Artifacts into, ScenarioResults results) {
        this.test = test.name();
        this.scenario = scenario;
        this.connection = connection;
        this.into = into;
        this.results = results;
        environment = TestInvocation.of(test).environment();
        Duration own = test.limit();
        limit = own == null ? scenario.limit() : own;
        tallies = scenario.events().stream().map(EventTally::new).toList();
        outputs = scenario.events().stream()
                .map(event -> new EventOutput(into, event.name()))
                .toList();
    }

    String test() {
        return test;
    }

    /**
     * Runs the scenario to its end. Afterwards nothing of it runs, apart from abandoned threads.
     *
     * @throws InterruptedException if interrupted; the results say so
     * @throws IOException if the artifacts cannot be written
     */
    TestEnd run() throws InterruptedException, IOException {
        long begin = System.nanoTime();
        @Nullable Timetable timetable;
        try (ConnectionWatch unused =
                new ConnectionWatch(test, connection, () -> messages.add(new Message.Ready()), this::lose)) {
            timetable = isReady() ? loop(begin) : null;
        } finally {
            commands.close();
        }
        results.end();
        TestEnd end = end(timetable);
        IOException failure = written(timetable, end);
        if (interrupted) {
            InterruptedException e = new InterruptedException("the scenario " + test + " was " + INTERRUPTED);
            if (failure != null) {
                e.addSuppressed(failure);
            }
            throw e;
        }
        if (failure != null) {
            throw failure;
        }
        return end;
    }

    /** Waits until the connection works. Returns false if it was lost, or this took the whole time limit. */
    private boolean isReady() {
        try {
            return messages.poll(Timetable.nanos(limit), TimeUnit.NANOSECONDS) instanceof Message.Ready;
        } catch (InterruptedException e) {
            interrupted = true;
            return false;
        }
    }

    private Timetable loop(long begin) {
        long start = System.nanoTime();
        Timetable timetable = new Timetable(scenario, Timetable.nanos(limit) - (start - begin), limitReached());
        carryOut(timetable.advance(0));
        while (!timetable.isDone()) {
            Message message = next(timetable.nextTime() - (System.nanoTime() - start));
            long now = System.nanoTime() - start;
            List<Decision> decisions = switch (message) {
                case null -> interrupted ? timetable.stop(now, INTERRUPTED) : timetable.advance(now);
                case Message.Ready ready -> timetable.advance(now);
                case Message.Ended ended -> {
                    running.remove(ended.occurrence());
                    yield timetable.ended(now, ended.occurrence());
                }
                case Message.End end -> isCurrent(end) ? timetable.end(now) : timetable.advance(now);
                case Message.StorageFailed failed -> timetable.stop(now, failed.reason());
            };
            if (timetable.isTimedOut() && !isListed) {
                listProcesses(now);
            }
            carryOut(decisions);
        }
        return timetable;
    }

    /** Lists the processes of the system before the occurrences are interrupted, because the limit was reached. */
    private void listProcesses(long nanos) {
        isListed = true;
        try {
            processList = ProcessList.write(connection, Duration.ofNanos(nanos), into);
        } catch (InterruptedException e) {
            interrupted = true;
        }
    }

    /** {@return false if the switch was pulled after its occurrences have ended or were abandoned} */
    private boolean isCurrent(Message.End end) {
        return end.pulled() == null || end.pulled().equals(killSwitch);
    }

    /** {@return the next message; null if there was none in time, or this thread was interrupted} */
    private @Nullable Message next(long nanos) {
        try {
            return messages.poll(nanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            // run() throws at its end. Until then, a second interrupt has no further effect.
            interrupted = true;
            return null;
        }
    }

    private void carryOut(List<Decision> decisions) {
        for (Decision decision : decisions) {
            switch (decision) {
                case Decision.Start start -> start(start.occurrence());
                case Decision.Pull pull -> killSwitch.pullAtEnd();
                case Decision.NewSwitch unused -> killSwitch = new RunSwitch(this::pull);
                case Decision.Interrupt interrupt -> interrupt.occurrences().forEach(id -> interrupt(id, interrupt));
                case Decision.Abandon abandon -> abandon.occurrences().forEach(this::abandon);
            }
        }
    }

    private void start(OccurrenceId id) {
        Event event = scenario.events().get(id.event());
        ScenarioConnection own = new ScenarioConnection(connection, test, environment, this::lose, commands);
        RunningOccurrence occurrence = new RunningOccurrence(id, event, own, killSwitch, this);
        running.put(id, occurrence);
        tallies.get(id.event()).started();
        occurrence.start();
    }

    private void interrupt(OccurrenceId id, Decision.Interrupt decision) {
        RunningOccurrence occurrence = running.get(id);
        if (occurrence != null) {
            occurrence.interrupt(decision);
        }
    }

    private void abandon(OccurrenceId id) {
        RunningOccurrence occurrence = running.remove(id);
        if (occurrence == null) {
            return;
        }
        String thread = occurrence.abandon();
        if (thread == null) {
            return;
        }
        abandoned.add(occurrence.part() + " in the thread " + thread);
        tallies.get(id.event()).abandoned();
        try {
            writePart(
                    occurrence,
                    Status.ERROR,
                    "ignores interrupts and was abandoned; its thread " + thread + " still runs",
                    null);
        } catch (IOException e) {
            storageFailed(e);
        }
    }

    EventOutput outputOf(OccurrenceId id) {
        return outputs.get(id.event());
    }

    /** An event pulls the kill switch. */
    private void pull(RunSwitch pulled, String reason) {
        results.pulled(Words.line(reason));
        messages.add(new Message.End(pulled));
    }

    private void lose(RuntimeException e) {
        String reason = e instanceof ConnectionLostException ? Words.line(String.valueOf(e.getMessage())) : Words.of(e);
        if (lost.compareAndSet(null, reason)) {
            messages.add(new Message.End(null));
        }
    }

    void storageFailed(IOException e) {
        if (storageFailure.compareAndSet(null, e)) {
            messages.add(new Message.StorageFailed("the artifacts cannot be written: " + Words.of(e)));
        }
    }

    /** {@return the path for a file of a part that an event reports; its directory exists} */
    Path file(String part, String name) {
        Path file = into.files().resolve(SafePath.ofFile(part, name));
        try {
            Files.createDirectories(file.getParent());
        } catch (IOException e) {
            storageFailed(e);
            throw new UncheckedIOException(
                    "could not make a directory for files of the part " + part + " of the scenario " + test + ": " + e,
                    e);
        }
        return file;
    }

    /** An event reports a part. */
    void report(Status status, String part, @Nullable String note, List<String> files) {
        if (part.isBlank() || part.length() > MAX_NAME) {
            throw new IllegalArgumentException("a part of the scenario " + test + " needs a name of 1 to " + MAX_NAME
                    + " characters, not '" + Words.line(part) + "'");
        }
        for (String file : files) {
            Path path = into.files().resolve(SafePath.ofFile(part, file));
            if (!Files.exists(path)) {
                throw new IllegalArgumentException("the part " + part + " of the scenario " + test
                        + " names the file '" + Words.line(file) + "', but " + path
                        + " does not exist; write the file first, at the path that file(part, name) returns");
            }
        }
        String text = note == null || note.length() <= MAX_NOTE ? note : note.substring(0, MAX_NOTE) + "…";
        try {
            results.report(ReportedResult.of(status, text, files).withName(part));
        } catch (IOException e) {
            storageFailed(e);
            throw new UncheckedIOException(
                    "could not write the part " + part + " of the scenario " + test + ": " + e, e);
        }
    }

    /** The thread of an occurrence is about to end. */
    void ended(RunningOccurrence occurrence, @Nullable Throwable failure, long nanos) {
        // The exception belongs to the user: while its methods run, the occurrence can still be abandoned.
        Failure described = failure == null ? null : Failure.of(failure);
        if (!occurrence.markEnded()) {
            return;
        }
        try {
            recordEnd(occurrence, described, nanos);
        } catch (IOException e) {
            storageFailed(e);
        } finally {
            messages.add(new Message.Ended(occurrence.id()));
        }
    }

    private void recordEnd(RunningOccurrence occurrence, @Nullable Failure failure, long nanos) throws IOException {
        Decision.Interrupt interrupt = occurrence.interrupt();
        EventTally tally = tallies.get(occurrence.id().event());
        if (interrupt != null && !interrupt.isFailure()) {
            tally.stopped();
            writePart(occurrence, Status.INFO, interrupt.reason(), null);
        } else if (interrupt != null) {
            tally.failed(nanos);
            fail(occurrence, new Failure(interrupt.reason() + ", and was interrupted", null, false));
        } else if (failure != null) {
            tally.failed(nanos);
            fail(occurrence, failure);
        } else {
            tally.passed(nanos);
            outputOf(occurrence.id()).append(occurrence.part());
        }
    }

    private void fail(RunningOccurrence occurrence, Failure failure) throws IOException {
        if (failure.isLoss() && lost.get() != null) {
            writePart(occurrence, Status.INFRA, failure.note(), null);
            return;
        }
        boolean counts = occurrence.onFailure() != OnFailure.REPORT;
        if (counts) {
            firstFailure.compareAndSet(null, occurrence.part() + ": " + failure.note());
        }
        writePart(occurrence, counts ? Status.FAIL : Status.INFO, failure.note(), failure.stackTrace());
        if (occurrence.onFailure() == OnFailure.STOP) {
            occurrence.killSwitch().pull(occurrence.part() + " failed: " + failure.note());
        }
    }

    /** Writes the part of an occurrence, unless its event has many parts already. */
    private void writePart(RunningOccurrence occurrence, Status status, String note, @Nullable String stackTrace)
            throws IOException {
        EventOutput output = outputOf(occurrence.id());
        String part = occurrence.part();
        if (!tallies.get(occurrence.id().event()).takePart()) {
            output.delete(part);
            return;
        }
        if (stackTrace != null) {
            output.write(part, stackTrace);
        }
        results.write(ReportedResult.of(status, note, output.filesOf(part)).withName(part));
    }

    /** {@return the end of the attempt} The most serious cause decides. */
    private TestEnd end(@Nullable Timetable timetable) {
        String loss = lost.get();
        if (interrupted) {
            return end(Outcome.CANCELLED, INTERRUPTED);
        }
        if (loss != null) {
            return end(Outcome.LOST, loss);
        }
        if (timetable == null) {
            return end(Outcome.TIMED_OUT, limitReached() + ", while connecting");
        }
        if (timetable.isTimedOut()) {
            return end(Outcome.TIMED_OUT, limitReached());
        }
        String failure = failure();
        if (!abandoned.isEmpty()) {
            return end(Outcome.ERROR, failure);
        }
        return failure == null ? TestEnd.of(Outcome.PASSED, null) : end(Outcome.FAILED, failure);
    }

    /** {@return an end whose note also names the abandoned occurrences} */
    private TestEnd end(Outcome outcome, @Nullable String reason) {
        List<String> reasons = new ArrayList<>();
        if (reason != null) {
            reasons.add(reason);
        }
        if (!abandoned.isEmpty()) {
            reasons.add(Plural.of(abandoned.size(), "occurrence", "ignores", "ignore") + " interrupts: "
                    + Words.line(String.join(", ", abandoned)));
        }
        return TestEnd.of(outcome, String.join("; ", reasons));
    }

    /** {@return the reason why the scenario has failed, or null if it has not} */
    private @Nullable String failure() {
        String pulled = results.pullReason();
        if (pulled != null) {
            return "the kill switch was pulled: " + pulled;
        }
        String first = firstFailure.get();
        if (first != null) {
            long failures =
                    tallies.stream().mapToLong(EventTally::seriousFailures).sum();
            return Plural.of(failures, "occurrence") + " failed, the first one was " + first;
        }
        return results.hasReportedFailure() ? "an event reported a failed part" : null;
    }

    /** Writes the parts of the events, and the result of the test itself. Returns the first failure to write. */
    private @Nullable IOException written(@Nullable Timetable timetable, TestEnd end) {
        try {
            for (int i = 0; timetable != null && i < tallies.size(); i++) {
                results.write(tallies.get(i)
                        .summary(
                                timetable.missed(i),
                                outputs.get(i).filesOf(scenario.events().get(i).name())));
            }
            results.write(ReportedResult.of(end.outcome().status(), end.note(), processList));
        } catch (IOException e) {
            storageFailure.compareAndSet(null, e);
        }
        return storageFailure.get();
    }

    private String limitReached() {
        return "ended at its limit of " + Words.of(limit);
    }
}

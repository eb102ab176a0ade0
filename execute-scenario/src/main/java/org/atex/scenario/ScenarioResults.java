package org.atex.scenario;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.artifacts.ResultWriter;
import org.jspecify.annotations.Nullable;

/** Writes the results of one attempt at a scenario, each as soon as it is known. Thread-safe. */
final class ScenarioResults {
    private static final int MAX_REPORTS = 100_000;
    private static final Set<Status> FAILURES = Set.of(Status.FAIL, Status.WARN, Status.ERROR);

    private final String test;
    private final ResultWriter writer;
    private final ReentrantLock writing = new ReentrantLock();
    private int reports;
    private boolean reportedFailure;
    private @Nullable String pullReason;
    private boolean closed;

    ScenarioResults(String test, ResultWriter writer) {
        this.test = test;
        this.writer = writer;
    }

    /**
     * Writes a part that an event reports.
     *
     * @throws IllegalStateException if the scenario has ended, or has reported too many parts
     * @throws IOException if the result cannot be written
     */
    void report(ReportedResult result) throws IOException {
        writing.lock();
        try {
            if (closed) {
                throw new IllegalStateException("could not report the part " + result.name() + " of the scenario "
                        + test + ", because the scenario has ended; end the threads of an event before the event ends");
            }
            if (reports == MAX_REPORTS) {
                throw new IllegalStateException("could not report the part " + result.name() + " of the scenario "
                        + test + ", because it has reported " + MAX_REPORTS + " parts already; report only changes");
            }
            reports++;
            reportedFailure |= result.status() != null && FAILURES.contains(result.status());
            writer.write(result);
        } finally {
            writing.unlock();
        }
    }

    /**
     * Keeps the reason of the first pull of the kill switch.
     *
     * @throws IllegalStateException if the scenario has ended
     */
    void pulled(String reason) {
        writing.lock();
        try {
            if (closed) {
                throw new IllegalStateException("could not pull the kill switch of the scenario " + test + " (" + reason
                        + "), because the scenario has ended");
            }
            if (pullReason == null) {
                pullReason = reason;
            }
        } finally {
            writing.unlock();
        }
    }

    /** {@return the reason of the first pull of the kill switch by an event; null if there was none} */
    @Nullable
    String pullReason() {
        writing.lock();
        try {
            return pullReason;
        } finally {
            writing.unlock();
        }
    }

    /** Writes a result of the executor. */
    void write(ReportedResult result) throws IOException {
        writing.lock();
        try {
            writer.write(result);
        } finally {
            writing.unlock();
        }
    }

    /** {@return whether an event has reported a part with a status that lets the scenario fail} */
    boolean hasReportedFailure() {
        writing.lock();
        try {
            return reportedFailure;
        } finally {
            writing.unlock();
        }
    }

    /** Refuses reports and pulls from now on. All earlier ones are written. */
    void end() {
        writing.lock();
        try {
            closed = true;
        } finally {
            writing.unlock();
        }
    }
}

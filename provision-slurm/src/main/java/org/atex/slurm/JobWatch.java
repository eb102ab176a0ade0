package org.atex.slurm;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.atex.support.Deadline;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches all jobs of a provisioner. One call of {@code squeue} reads the states of all of them. It is called more often
 * shortly after a job was submitted.
 *
 * <p>Thread-safe. The lock guards all mutable fields, and is not held over I/O.
 */
final class JobWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JobWatch.class);
    private static final long MIN_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final Slurm slurm;
    private final String name;
    private final long maxPauseNanos;
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition polled = lock.newCondition();
    private final Condition needed = lock.newCondition();
    private final Map<String, Watched> watched = new HashMap<>();
    private boolean hurry;
    private boolean closed;
    private String failure = "";
    private long polls;

    JobWatch(Slurm slurm, String name, Duration maxPause) {
        this.slurm = slurm;
        this.name = name;
        maxPauseNanos = Math.max(MIN_PAUSE_NANOS, TimeUnit.NANOSECONDS.convert(maxPause));
        thread = Threads.start("squeue-" + name, this::run);
    }

    /** A job that is watched. Thread-safe. */
    final class Watched {
        private final String id;
        private final long sinceNanos = System.nanoTime();
        private final Consumer<Watched> onEnd;
        private @Nullable Job latest;
        private boolean told;

        private Watched(String id, Consumer<Watched> onEnd) {
            this.id = id;
            this.onEnd = onEnd;
        }

        String id() {
            return id;
        }

        /** {@return the newest known state, or null before the first poll} */
        @Nullable
        Job latest() {
            lock.lock();
            try {
                return latest;
            } finally {
                lock.unlock();
            }
        }

        /** {@return the job when it runs, has ended or can never start, or as it is at the deadline; null if unknown} */
        @Nullable
        Job awaitDecision(Deadline deadline) throws InterruptedException {
            return await(deadline, job -> !job.isWaiting() || job.canNeverStart());
        }

        /**
         * {@return the reason for which the job does not run any more, in Slurm's words, or null if it runs or Slurm
         * does not answer} Asks Slurm, and waits for the final state.
         */
        @Nullable
        String whyEnded(Deadline deadline) throws InterruptedException {
            Job job = latest();
            if (job == null || !job.hasEnded()) {
                long before = demandPoll();
                awaitPoll(before, deadline);
                job = latest();
            }
            if (job != null && !job.isRunning() && !job.hasEnded() && !job.isWaiting()) {
                job = await(deadline, Job::hasEnded); // completing
            }
            return job == null || job.isRunning() ? null : words(job);
        }

        private String words(Job job) {
            return "Slurm job " + id + " " + (job.isWaiting() ? "was requeued" : "ended") + ": " + job.words();
        }

        private @Nullable Job await(Deadline deadline, Predicate<Job> condition) throws InterruptedException {
            lock.lockInterruptibly();
            try {
                while ((latest == null || !condition.test(latest)) && !closed && !deadline.isOver()) {
                    if (latest != null && !latest.isWaiting()) {
                        hurry = true; // it is completing
                        needed.signal();
                    }
                    var unused = polled.awaitNanos(deadline.nanosLeft());
                }
                return latest;
            } finally {
                lock.unlock();
            }
        }

        void forget() {
            lock.lock();
            try {
                watched.remove(id);
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Watches a job.
     *
     * @param id its id
     * @param onEnd is called once, in a thread of its own, if the job ends or is requeued after it has run
     */
    Watched add(String id, Consumer<Watched> onEnd) {
        lock.lock();
        try {
            Watched added = new Watched(id, onEnd);
            watched.put(id, added);
            hurry = true;
            needed.signal();
            return added;
        } finally {
            lock.unlock();
        }
    }

    /** {@return the newest states of all watched jobs} */
    List<Job> jobs() {
        lock.lock();
        try {
            List<Job> jobs = new ArrayList<>();
            for (Watched each : watched.values()) {
                if (each.latest != null) {
                    jobs.add(each.latest);
                }
            }
            return jobs;
        } finally {
            lock.unlock();
        }
    }

    /** {@return the message of the last poll if it failed, or an empty text} */
    String failure() {
        lock.lock();
        try {
            return failure;
        } finally {
            lock.unlock();
        }
    }

    /** {@return the number of calls of squeue} */
    long polls() {
        lock.lock();
        try {
            return polls;
        } finally {
            lock.unlock();
        }
    }

    private long demandPoll() {
        lock.lock();
        try {
            hurry = true;
            needed.signal();
            return polls;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a poll that began after the given number of polls. */
    private void awaitPoll(long before, Deadline deadline) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (polls <= before + 1 && !closed && !deadline.isOver()) {
                hurry = true; // the poll in progress may have begun earlier
                needed.signal();
                var unused = polled.awaitNanos(deadline.nanosLeft());
            }
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        try {
            while (awaitNeed()) {
                poll();
            }
        } catch (InterruptedException e) {
            LOG.debug("the watch of {} ends", name);
        }
    }

    /** Waits until a poll is due. */
    private boolean awaitNeed() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (watched.isEmpty() && !closed) {
                needed.await();
            }
            long start = System.nanoTime();
            // At most four polls a second, however many callers are in a hurry.
            for (long left; !closed && (left = pause() - (System.nanoTime() - start)) > 0; ) {
                var unused = needed.awaitNanos(left);
            }
            hurry = false;
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    private long pause() {
        if (hurry) {
            return MIN_PAUSE_NANOS;
        }
        long now = System.nanoTime();
        long age = watched.values().stream()
                .filter(each -> each.latest == null || each.latest.isWaiting())
                .mapToLong(each -> now - each.sinceNanos)
                .min()
                .orElse(Long.MAX_VALUE);
        return Math.clamp(age / 4, MIN_PAUSE_NANOS, maxPauseNanos);
    }

    private void poll() throws InterruptedException {
        long start = System.nanoTime();
        Map<String, Job> found = new HashMap<>();
        String problem = "";
        try {
            slurm.jobs(name).forEach(job -> found.put(job.id(), job));
        } catch (IOException e) {
            problem = String.valueOf(e.getMessage());
        }
        List<Watched> ended = new ArrayList<>();
        lock.lock();
        try {
            if (problem.isEmpty()) {
                for (Watched each : watched.values()) {
                    Job before = each.latest;
                    Job now = found.get(each.id);
                    if (now == null && each.sinceNanos - start < 0) {
                        now = Job.forgotten(each.id);
                    }
                    if (now != null) {
                        update(each, now);
                        boolean ran = before != null && !before.isWaiting();
                        if (!each.told && ran && !now.isRunning()) {
                            each.told = true;
                            ended.add(each);
                        }
                    }
                }
            } else if (failure.isEmpty()) {
                LOG.warn("Slurm does not answer, trying again: {}", problem);
            }
            failure = problem;
            polls++;
            polled.signalAll();
        } finally {
            lock.unlock();
        }
        ended.forEach(each -> Threads.start("ended-" + each.id, () -> each.onEnd.accept(each)));
    }

    private static void update(Watched each, Job now) {
        Job before = each.latest;
        if (now.isWaiting() && !now.reason().equals("None") && (before == null || !before.equals(now))) {
            LOG.info("Slurm job {} waits: {}", each.id, now.words());
        }
        // An ended job that Slurm has forgotten keeps the words of its end.
        if (before == null || !before.hasEnded() || !now.state().equals("UNKNOWN")) {
            each.latest = now;
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            polled.signalAll();
            needed.signalAll();
        } finally {
            lock.unlock();
        }
        thread.interrupt();
        var unused = Threads.join(List.of(thread), Duration.ofSeconds(10));
    }
}

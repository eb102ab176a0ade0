package org.atex.reportportal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.PlainTest;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.atex.artifacts.BrokenResultsException;
import org.atex.artifacts.WriterLock;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sends results to ReportPortal while the tests run: a launch with a suite for each platform, an item for each attempt
 * at a test, nested steps for its parts, and its notes and files as logs. If it is also a listener of the run, items
 * appear when their tests start.
 *
 * {@snippet :
 * var project = ReportPortalProject.of(URI.create("https://reportportal.example.com"), "kernel", token);
 * var options = ReportPortalOptions.defaults().withLaunch("nightly");
 * try (var portal = ReportPortalAggregator.open(Path.of("work/reportportal"), project, options)) {
 *     portal.ingest(record, artifacts);
 * }
 * }
 *
 * <p>{@link #ingest} does not wait for the service: it stores all calls and files in the spool, a directory, from which
 * threads of the aggregator send them. When it returns, the results survive a crash of this program; they are not synced
 * to the disk. Calls that fail are repeated for as long as the aggregator is open. When it is closed or
 * the program is killed, the rest stays in the spool: {@link #resend} sends it later. Each call has its own UUID, by which the
 * service recognizes calls that are repeated.
 *
 * <p>Memory use does not depend on the size of results and files; about 100 bytes are kept for each attempt.
 *
 * <p>Lifecycle: open from the return of {@link #open} until {@link #close()}, which finishes the launch.
 *
 * <p>Thread safety: all methods are thread-safe. No method reacts to interrupts.
 */
public final class ReportPortalAggregator implements Aggregator, RunListener {
    private final Path spool;
    private final ReportPortalProject project;
    private final ReportPortalOptions options;
    private final WriterLock writerLock;

    /** The launches that earlier programs left in the spool. */
    private final List<Path> left;

    /** Held shared by each {@link #ingest}: {@link #close()} waits for them. */
    private final ReadWriteLock open = new ReentrantReadWriteLock();

    /** Guards the begin of the launch. */
    private final ReentrantLock begin = new ReentrantLock();

    /** Null until the launch has begun. */
    private volatile @Nullable Session session;

    /** Whether the launch was left by an earlier program. Guarded by {@link #begin}. */
    private boolean resumed;

    /** The attempts that an earlier program has stored: they may be ingested again. */
    private final Set<UUID> earlier = ConcurrentHashMap.newKeySet();

    /** The attempts that are being stored. */
    private final Set<UUID> ingesting = ConcurrentHashMap.newKeySet();

    /** The platforms of the runs that have not ended, by their ids. */
    private final Map<String, String> platforms = new ConcurrentHashMap<>();

    /** Guarded by {@link #open}. */
    private boolean closed;

    private @Nullable AggregationException deleteFailure;

    private ReportPortalAggregator(
            Path spool,
            ReportPortalProject project,
            ReportPortalOptions options,
            WriterLock writerLock,
            List<Path> left) {
        this.spool = spool;
        this.project = project;
        this.options = options;
        this.writerLock = writerLock;
        this.left = left;
    }

    /**
     * {@return an aggregator} The launch is started when the run starts, or with the first result.
     *
     * <p>If an earlier program left a launch in the spool, it stays there: a warning is logged, unless {@link
     * ReportPortalOptions#withResume()} or {@link #resume()} continues it. {@link #resend} sends it.
     *
     * @param spool a directory on this machine, best beside the work directory of the run; it is created if it is missing
     * @param project the project of the service
     * @param options the launch, and the form of the results
     * @throws AggregationException if another aggregator uses the spool, or it cannot be created
     * @throws IllegalArgumentException if the token would be sent without encryption
     */
    public static ReportPortalAggregator open(Path spool, ReportPortalProject project, ReportPortalOptions options) {
        project.checkEncryption();
        Path path = spool.toAbsolutePath().normalize();
        try {
            return WriterLock.open(path, lock -> {
                Files.createDirectories(path);
                var aggregator = new ReportPortalAggregator(path, project, options, lock, LaunchSpool.left(path));
                aggregator.beginLeft();
                return aggregator;
            });
        } catch (IOException e) {
            throw new AggregationException("could not open the spool " + path + ": " + e.getMessage(), e);
        }
    }

    private void beginLeft() throws IOException {
        if (left.isEmpty()) {
            return;
        }
        if (options.resume()) {
            adopt(left.getLast());
        } else {
            Courier.log()
                    .warn(
                            "the launches of {} in {} are not completely sent; ReportPortalAggregator.resend() sends"
                                    + " the rest",
                            Plural.of(left.size(), "earlier program"),
                            spool);
        }
    }

    /**
     * Sends the results that earlier programs left in a spool, and finishes their launches. An attempt that had started, but of which
     * there is no result, becomes an interrupted item.
     *
     * @param spool the spool of the earlier programs
     * @param project the project of those launches
     * @param options their {@linkplain ReportPortalOptions#withLimit limit} holds for each launch
     * @return the number of launches that were completed
     * @throws AggregationException if not everything could be sent: the rest stays in the spool; or if an open aggregator
     *     uses it
     * @throws IllegalArgumentException if the token would be sent without encryption
     */
    public static int resend(Path spool, ReportPortalProject project, ReportPortalOptions options) {
        project.checkEncryption();
        Path path = spool.toAbsolutePath().normalize();
        try (WriterLock lock = WriterLock.open(path, held -> held)) {
            List<Path> launches = LaunchSpool.left(path);
            for (Path launch : launches) {
                try (Session session = new Session(LaunchSpool.load(launch, project), project, options)) {
                    AggregationException failure = session.finish();
                    if (failure != null) {
                        throw failure;
                    }
                }
            }
            return launches.size();
        } catch (IOException e) {
            throw new AggregationException("could not send the results in " + path + ": " + e.getMessage(), e);
        }
    }

    /**
     * {@return the UUID of the launch, for {@link ReportPortalOptions#withRerunOf}; empty until it begins}
     */
    public Optional<UUID> launch() {
        Session current = session;
        return current == null ? Optional.empty() : Optional.of(current.spool().uuid());
    }

    /**
     * Goes on with the last launch that is left in the spool, and sends the rest of it.
     *
     * @throws AggregationException if the launch cannot be read, or belongs to another project
     * @throws IllegalStateException if a new launch has begun, or this aggregator is closed
     */
    @Override
    public void resume() {
        open.readLock().lock();
        begin.lock();
        try {
            checkOpen();
            if (left.isEmpty() || resumed) {
                return;
            }
            if (session != null) {
                throw new IllegalStateException(
                        "could not resume the launch in " + left.getLast() + ": another one has begun");
            }
            adopt(left.getLast());
        } catch (IOException e) {
            throw new AggregationException(
                    "could not resume the launch in " + left.getLast() + ": " + e.getMessage(), e);
        } finally {
            begin.unlock();
            open.readLock().unlock();
        }
    }

    private void adopt(Path directory) throws IOException {
        Session adopted = new Session(LaunchSpool.load(directory, project), project, options);
        earlier.addAll(adopted.spool().stored());
        resumed = true;
        session = adopted;
        adopted.dispatcher().start();
    }

    /** {@return the launch, which begins now unless it has begun} */
    private Session begun(Instant start, @Nullable String run) throws IOException {
        Session current = session;
        if (current != null) {
            return current;
        }
        begin.lock();
        try {
            current = session;
            if (current == null && run != null) {
                // The events of a resumed run have the id of the killed one, and may come before resume() is called.
                for (Path directory : left) {
                    if (LaunchSpool.run(directory).equals(run)) {
                        adopt(directory);
                    }
                }
                current = session;
            }
            if (current == null) {
                current = new Session(LaunchSpool.create(spool, project, options, start, run), project, options);
                session = current;
                current.dispatcher().start();
            }
            return current;
        } finally {
            begin.unlock();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the aggregator of " + this + " is closed");
        }
    }

    /**
     * Starts the launch and the items of tests when they start. Other events are ignored, and failures are logged.
     *
     * @param event the event
     */
    @Override
    public void on(RunEvent event) {
        open.readLock().lock();
        try {
            if (closed) {
                return;
            }
            switch (event) {
                case RunEvent.RunStarted started -> {
                    platforms.put(started.stamp().run(), started.platform());
                    Session unused = begun(started.at(), started.stamp().run());
                }
                case RunEvent.TestStarted started -> started(started);
                case RunEvent.RunEnded ended -> platforms.remove(ended.stamp().run());
                default -> {
                    // Nothing to send.
                }
            }
        } catch (IOException e) {
            // The item is started with its results.
            Courier.log().warn("could not store {} in {}: {}", event.getClass().getSimpleName(), spool, e.toString());
        } finally {
            open.readLock().unlock();
        }
    }

    private void started(RunEvent.TestStarted event) throws IOException {
        String platform = platforms.get(event.stamp().run());
        if (platform == null) {
            return;
        }
        Session current = begun(event.at(), event.stamp().run());
        PlainTest test = event.test();
        UUID attempt = Ids.attempt(current.spool().uuid(), platform, test.name(), event.attempt());
        // The results may come first, from another thread.
        if (ingesting.add(attempt)) {
            try {
                if (!current.spool().isKnown(attempt)) {
                    Item item = create(current, attempt, platform, test, event.attempt(), event.system(), event.at());
                    current.dispatcher().offer(item);
                }
            } finally {
                ingesting.remove(attempt);
            }
        }
    }

    private Item create(
            Session current,
            UUID uuid,
            String platform,
            PlainTest test,
            int attempt,
            @Nullable SystemInfo system,
            Instant start)
            throws IOException {
        LaunchSpool launch = current.spool();
        UUID before = attempt > 1 ? Ids.attempt(launch.uuid(), platform, test.name(), attempt - 1) : null;
        // Another thread may be creating the item of that attempt at this moment, which takes no time.
        while (before != null && ingesting.contains(before) && !launch.isKnown(before)) {
            Thread.onSpinWait();
        }
        ObjectNode body = Rendering.start(
                launch,
                uuid,
                platform,
                test,
                attempt,
                system,
                start.toEpochMilli(),
                before != null && launch.isKnown(before) ? before : null);
        UUID suite = options.suites() ? launch.suite(platform) : null;
        return launch.create(uuid, Ids.lane(platform, test.name()), suite, body);
    }

    @Override
    public void ingest(TestRecord record, Artifacts artifacts) {
        open.readLock().lock();
        try {
            checkOpen();
            store(record, artifacts);
        } catch (IOException | BrokenResultsException e) {
            throw new AggregationException(
                    "could not store the results of " + record.name() + " on " + record.platform() + " in " + spool
                            + ": " + e.getMessage() + "; no part of them was stored: fix the cause, and ingest "
                            + artifacts + " again",
                    e);
        } finally {
            open.readLock().unlock();
        }
        delete(artifacts);
    }

    private void store(TestRecord record, Artifacts artifacts) throws IOException {
        Session current = begun(record.started(), null);
        UUID attempt = Ids.attempt(current.spool().uuid(), record.platform(), record.name(), record.attempt());
        if (earlier.remove(attempt)) {
            return;
        }
        // A listener may be creating the item at this moment, which takes no time.
        while (!ingesting.add(attempt)) {
            if (current.spool().isStored(attempt)) {
                throw duplicate(record);
            }
            Thread.onSpinWait();
        }
        try {
            if (current.spool().isStored(attempt)) {
                throw duplicate(record);
            }
            Item item = storeNew(current, attempt, record, artifacts);
            current.dispatcher().offer(item);
        } finally {
            ingesting.remove(attempt);
        }
    }

    private Item storeNew(Session current, UUID attempt, TestRecord record, Artifacts artifacts) throws IOException {
        LaunchSpool launch = current.spool();
        Item known = launch.item(attempt);
        Item item = known != null
                ? known
                : create(
                        current,
                        attempt,
                        record.platform(),
                        record.test(),
                        record.attempt(),
                        record.system(),
                        record.started());
        Path calls = item.directory().resolve(Item.CALLS + ".new");
        try {
            Rendering.write(calls, launch, item, record, artifacts, options);
            item.publish(calls);
        } catch (IOException | RuntimeException e) {
            if (known == null) {
                launch.discard(item);
            } else {
                item.clear();
            }
            throw e;
        }
        try {
            launch.addStored(attempt);
        } catch (IOException e) {
            // It is in the spool. Only a program that resumes the launch could store it again.
            Courier.log().warn("could not record in {} that {} is stored: {}", launch, record.name(), e.toString());
        }
        return item;
    }

    private AggregationException duplicate(TestRecord record) {
        return new AggregationException(
                "could not store the results of " + record.name() + " on " + record.platform() + ", attempt "
                        + record.attempt() + " in " + spool
                        + ": results of a test with this name are already stored; rename one of the tests",
                null);
    }

    private void delete(Artifacts artifacts) {
        try {
            artifacts.delete();
        } catch (IOException e) {
            synchronized (this) {
                // The results are stored, so ingest has succeeded. close() reports the first failure to delete.
                if (deleteFailure == null) {
                    deleteFailure = new AggregationException(
                            "could not delete " + artifacts + ": " + e.getMessage()
                                    + "; all results are stored, delete it by hand",
                            e);
                }
            }
        }
    }

    /**
     * Waits until all ingested results are sent, for the {@linkplain ReportPortalOptions#withLimit limit} at most.
     *
     * @throws AggregationException if they were not sent; they are kept, and are still being sent unless the service
     *     refuses all calls
     */
    @Override
    public void flush() {
        Session current = session;
        if (current == null) {
            return;
        }
        open.readLock().lock();
        try {
            if (closed) {
                return;
            }
        } finally {
            open.readLock().unlock();
        }
        current.flush();
    }

    /**
     * Sends all results and finishes the launch, within the {@linkplain ReportPortalOptions#withLimit limit}.
     *
     * @throws AggregationException if not everything was sent: the rest stays in the spool, for {@link #resend}; or if
     *     the service refused results, which are then kept in {@code refused} in the spool
     */
    @Override
    public void close() {
        open.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
        } finally {
            open.writeLock().unlock();
        }
        AggregationException failure = null;
        try (WriterLock lock = writerLock;
                Session current = session) {
            if (current != null) {
                failure = current.finish();
            }
        } catch (IOException e) {
            failure = new AggregationException("could not close the spool " + spool + ": " + e.getMessage(), e);
        }
        synchronized (this) {
            if (failure == null) {
                failure = deleteFailure;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public String toString() {
        return "results for " + project + " in " + spool;
    }
}

package org.atex.testingfarm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Stream;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The settings and resources that all reservations of a provisioner share. Thread-safe. */
final class RunContext implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);
    private static final int SUBMISSIONS_AT_ONCE = 4;

    /** The maximum number of concurrent polls. Far fewer run at a time unless the service hangs. */
    static final int MAX_CONCURRENT_POLLS = 64;

    final TestingFarmApi api;
    final Reservation reservation;
    final FarmSettings settings;
    final Redaction redaction;
    final Path directory;

    /** Limits concurrent submissions, so that a hundred reservations do not reach the service at the same moment. */
    final Semaphore submissions = new Semaphore(SUBMISSIONS_AT_ONCE);

    final Semaphore polls = new Semaphore(MAX_CONCURRENT_POLLS);

    private final Function<Path, RunKey> keys;
    private final AtomicReference<@Nullable FutureTask<Prerequisites>> prerequisites = new AtomicReference<>();

    /**
     * The values that are determined once, before the first submission.
     *
     * @param identity the identity of the token
     * @param key the ssh key
     * @param cidrs the addresses for which the firewall is opened
     */
    record Prerequisites(Identity identity, RunKey key, List<String> cidrs) {}

    RunContext(
            TestingFarmApi api,
            Reservation reservation,
            FarmSettings settings,
            Path directory,
            Function<Path, RunKey> keys) {
        this.api = api;
        this.reservation = reservation;
        this.settings = settings;
        this.redaction = new Redaction(reservation.settings().secrets.values());
        this.directory = directory;
        this.keys = keys;
    }

    /**
     * {@return the prerequisites; determines them in the first call, and again after a failure}
     *
     * @throws TestingFarmException if the token cannot be identified
     */
    Prerequisites prerequisites() throws InterruptedException {
        FutureTask<Prerequisites> task = prerequisites.get();
        if (task == null) {
            // One thread loads them for all callers; an interrupted caller does not stop it.
            FutureTask<Prerequisites> created = new FutureTask<>(this::loadPrerequisites);
            if (prerequisites.compareAndSet(null, created)) {
                Threads.start("farm-prerequisites", created);
            }
            return prerequisites();
        }
        try {
            return task.get();
        } catch (ExecutionException e) {
            prerequisites.compareAndSet(task, null);
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException("could not prepare reservations: " + e.getCause(), e);
        }
    }

    private Prerequisites loadPrerequisites() throws InterruptedException {
        Identity identity = api.whoami();
        List<String> cidrs = settings.sourceCidrs();
        if (cidrs == null) {
            cidrs = identity.needsFirewallRule() ? SourceAddresses.lookUp(settings.addressSites()) : List.of();
        }
        return new Prerequisites(identity, keys.apply(directory), cidrs);
    }

    NewRequest request(Prerequisites known, String tag) {
        return NewRequest.reserving(
                reservation,
                new NewRequest.Access(
                        known.key().authorizedKeys(),
                        known.cidrs(),
                        Map.of(NewRequest.RUN_TAG, settings.run(), NewRequest.SUBMISSION_TAG, tag),
                        settings.limit(reservation)));
    }

    void notifyListener(ReservationEvent event) {
        LOG.debug("{}", event);
        try {
            settings.listener().on(event);
        } catch (Throwable e) {
            // Errors too: the thread of a reservation must survive the code of the user.
            LOG.warn("a listener failed on {}", event, e);
        }
    }

    /** Deletes the directory with the key and the known hosts. */
    @Override
    public void close() {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            LOG.warn("could not delete {}, the directory of the run's ssh keys", directory, e);
        }
    }
}

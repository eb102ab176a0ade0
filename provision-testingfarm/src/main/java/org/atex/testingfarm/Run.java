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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all reservations of a provisioner have in common. Thread-safe. */
final class Run implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);
    private static final int SUBMISSIONS_AT_ONCE = 4;

    final TestingFarmApi api;
    final Reservation reservation;
    final FarmSettings settings;
    final Redaction redaction;
    final Path directory;
    /** So that a hundred reservations do not come down on the service in one moment. */
    final Semaphore submissions = new Semaphore(SUBMISSIONS_AT_ONCE);

    private final Function<Path, RunKey> keys;
    private final AtomicReference<@Nullable FutureTask<Ground>> ground = new AtomicReference<>();

    /**
     * What is found out once, before the first submission.
     *
     * @param identity who we are
     * @param key the key with which we get in
     * @param cidrs where we come from
     */
    record Ground(Identity identity, RunKey key, List<String> cidrs) {}

    Run(
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
     * {@return what is found out once; when that fails, whoever asks next tries again}
     *
     * @throws TestingFarmException if the service does not say who we are
     */
    Ground ground() throws InterruptedException {
        FutureTask<Ground> task = ground.get();
        if (task == null) {
            FutureTask<Ground> mine = new FutureTask<>(this::findOut);
            if (ground.compareAndSet(null, mine)) {
                Threads.start("farm-ground", mine);
            }
            return ground();
        }
        try {
            return task.get();
        } catch (ExecutionException e) {
            ground.compareAndSet(task, null);
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException("could not prepare reservations: " + e.getCause(), e);
        }
    }

    private Ground findOut() throws InterruptedException {
        Identity identity = api.whoami();
        List<String> cidrs = settings.sourceCidrs();
        if (cidrs == null) {
            cidrs = identity.needsFirewallRule() ? SourceAddresses.lookUp(settings.addressSites()) : List.of();
        }
        return new Ground(identity, keys.apply(directory), cidrs);
    }

    NewRequest request(Ground known, String tag) {
        return NewRequest.reserving(
                reservation,
                new NewRequest.Access(
                        known.key().authorizedKeys(),
                        known.cidrs(),
                        Map.of(NewRequest.RUN_TAG, settings.run(), NewRequest.SUBMISSION_TAG, tag),
                        settings.limit(reservation)));
    }

    void tell(ReservationEvent event) {
        LOG.debug("{}", event);
        try {
            settings.listener().happened(event);
        } catch (RuntimeException e) {
            LOG.warn("a listener failed on {}", event, e);
        }
    }

    /** Deletes keys and known hosts. */
    @Override
    public void close() {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            LOG.warn("could not delete {}, where the keys of the run were", directory, e);
        }
    }
}

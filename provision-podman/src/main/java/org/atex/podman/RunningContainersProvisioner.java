package org.atex.podman;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.AtexException;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.jspecify.annotations.Nullable;

/**
 * Provisions containers that are started and stopped elsewhere, for example by Testcontainers. Each is handed out to
 * one caller at a time, with a new connection each time.
 *
 * <p>Systems are named after their containers, with {@code #2} and so on appended when a container is handed out again.
 * The label {@code os} ({@code linux}) is known in advance; each system also has {@code arch} and {@code distro}.
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}. Closing it does not stop the containers.
 */
public final class RunningContainersProvisioner implements Provisioner {
    private static final Map<String, String> LABELS = Map.of("os", "linux");

    private final List<String> all;
    private final PodmanOptions options;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<String> free;
    private final Map<String, Integer> leaseCounts = new HashMap<>();
    private final Deque<Offer> offers = new ArrayDeque<>();
    private final Set<LeasedContainer> live = new HashSet<>();
    private final Set<Thread> connecting = new HashSet<>();
    private final Set<Thread> cancelled = new HashSet<>();
    private int requested;
    private boolean closed;

    private RunningContainersProvisioner(PodmanOptions options, List<String> containers) {
        this.options = options;
        all = containers;
        free = new ArrayDeque<>(containers);
    }

    /**
     * {@return a provisioner of running containers}
     *
     * @param containers the names or ids of the containers, at least one, without duplicates
     * @throws IllegalArgumentException if the array is empty or has duplicates
     */
    public static RunningContainersProvisioner of(String... containers) {
        return of(PodmanOptions.defaults(), containers);
    }

    /**
     * {@return a provisioner of running containers}
     *
     * @param options the options for access to the containers
     * @param containers the names or ids of the containers, at least one, without duplicates
     * @throws IllegalArgumentException if the array is empty or has duplicates
     */
    public static RunningContainersProvisioner of(PodmanOptions options, String... containers) {
        List<String> list = List.of(containers);
        if (list.isEmpty() || new HashSet<>(list).size() < list.size()) {
            throw new IllegalArgumentException(
                    "cannot provision the containers " + list + ": give at least one, and none twice");
        }
        return new RunningContainersProvisioner(options, list);
    }

    @Override
    public void provision(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("cannot provision " + count + " systems: ask for at least 1");
        }
        lock.lock();
        try {
            refuseIfClosed();
            requested = requested > Integer.MAX_VALUE - count ? Integer.MAX_VALUE : requested + count;
            connectRequested();
        } finally {
            lock.unlock();
        }
    }

    /** Connects to free containers as far as systems are requested. The caller must hold the lock. */
    private void connectRequested() {
        while (requested > 0 && !free.isEmpty()) {
            requested--;
            String container = free.remove();
            Thread thread = Thread.ofVirtual().name("atex-podman-connect").unstarted(() -> connect(container));
            connecting.add(thread);
            thread.start();
        }
    }

    private void connect(String container) {
        LeasedContainer leased = null;
        Offer offer = null;
        try {
            PodmanConnection connection = PodmanConnection.open(container, options);
            leased = new LeasedContainer(container, connection);
            leased.labels.putAll(SystemLabels.of(connection));
            offer = new Offer.Ready(leased);
        } catch (AtexException e) {
            offer = new Offer.Failed(new ProvisioningException(
                    "could not provision container " + container + ": " + e.getMessage(), e, container));
        } catch (InterruptedException e) {
            // Cancelled by clear() or close(), so the result is not needed.
        }
        boolean delivered = deliver(container, leased, offer);
        if (!delivered && leased != null) {
            leased.connection.close();
        }
        lock.lock();
        try {
            connecting.remove(Thread.currentThread());
            if (!delivered || !(offer instanceof Offer.Ready)) {
                free.add(container);
            }
            cancelled.remove(Thread.currentThread());
            if (delivered || !closed) {
                connectRequested();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Offers the result of a connect to take(). Returns false, and does nothing, if the connect was cancelled. */
    private boolean deliver(String container, @Nullable LeasedContainer leased, @Nullable Offer offer) {
        lock.lock();
        try {
            if (closed || offer == null || cancelled.contains(Thread.currentThread())) {
                return false;
            }
            if (leased != null && offer instanceof Offer.Ready) {
                int lease = leaseCounts.merge(container, 1, Integer::sum);
                leased.name = lease == 1 ? container : container + "#" + lease;
                live.add(leased);
            }
            offers.add(offer);
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Offer take(Duration atMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.NANOSECONDS.convert(atMost);
            while (true) {
                refuseIfClosed();
                Offer offer = offers.poll();
                if (offer != null) {
                    return offer;
                }
                if (nanos <= 0) {
                    return new Offer.None();
                }
                nanos = changed.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void clear() {
        List<LeasedContainer> unwanted;
        lock.lock();
        try {
            requested = 0;
            connecting.forEach(Thread::interrupt);
            cancelled.addAll(connecting);
            unwanted = offers.stream()
                    .filter(offer -> offer instanceof Offer.Ready)
                    .map(offer -> (LeasedContainer) ((Offer.Ready) offer).remote())
                    .toList();
            offers.clear();
        } finally {
            lock.unlock();
        }
        unwanted.forEach(LeasedContainer::close);
    }

    @Override
    public Map<String, String> labels() {
        return LABELS;
    }

    @Override
    public void close() {
        List<LeasedContainer> left;
        lock.lock();
        try {
            closed = true;
            requested = 0;
            offers.clear();
            connecting.forEach(Thread::interrupt);
            left = List.copyOf(live);
            changed.signalAll();
            while (!connecting.isEmpty()) {
                changed.awaitUninterruptibly(); // each thread was interrupted and ends soon
            }
        } finally {
            lock.unlock();
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            left.forEach(leased -> threads.execute(leased::close));
        }
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("this provisioner of " + all + " is closed; create another one");
        }
    }

    @Override
    public String toString() {
        return "containers " + all;
    }

    /** A container as a system; closing it makes the container available again. */
    private final class LeasedContainer implements Remote {
        private final String container;
        private final PodmanConnection connection;
        private final Map<String, String> labels = new HashMap<>(LABELS);
        private volatile String name;

        LeasedContainer(String container, PodmanConnection connection) {
            this.container = container;
            this.connection = connection;
            this.name = container;
        }

        @Override
        public String name() {
            return name;
        }

        /** {@return the name of the container, which is the same each time it is handed out} */
        @Override
        public String host() {
            return container;
        }

        @Override
        public Map<String, String> labels() {
            return Map.copyOf(labels);
        }

        @Override
        public Connection connection() {
            return connection;
        }

        @Override
        public void close() {
            connection.close();
            lock.lock();
            try {
                if (live.remove(this) && !closed) {
                    free.add(container);
                    connectRequested();
                }
            } finally {
                lock.unlock();
            }
        }

        @Override
        public String toString() {
            return name;
        }
    }
}

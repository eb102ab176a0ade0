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
 * Hands out containers that somebody else started and stops, such as those of Testcontainers; each goes to one taker at a
 * time, over a new connection each time.
 *
 * <p>Systems are named after their containers, with {@code #2} and so on when they are handed out again. Labels, known
 * beforehand: {@code os} ({@code linux}); each system has {@code arch} and {@code distro} besides.
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}; closing it leaves the containers alone.
 */
public final class RunningContainersProvisioner implements Provisioner {
    private static final Map<String, String> LABELS = Map.of("os", "linux");

    private final List<String> all;
    private final PodmanOptions options;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<String> free;
    private final Map<String, Integer> lives = new HashMap<>();
    private final Deque<Offer> offers = new ArrayDeque<>();
    private final Set<Borrowed> live = new HashSet<>();
    private final Set<Thread> connecting = new HashSet<>();
    private final Set<Thread> cancelled = new HashSet<>();
    private int asked;
    private boolean closed;

    private RunningContainersProvisioner(PodmanOptions options, List<String> containers) {
        this.options = options;
        all = containers;
        free = new ArrayDeque<>(containers);
    }

    /**
     * {@return a provisioner of containers that run}
     *
     * @param containers their names or numbers, at least one, none twice
     */
    public static RunningContainersProvisioner of(String... containers) {
        return of(PodmanOptions.defaults(), containers);
    }

    /**
     * {@return a provisioner of containers that run}
     *
     * @param options how they are reached
     * @param containers their names or numbers, at least one, none twice
     */
    public static RunningContainersProvisioner of(PodmanOptions options, String... containers) {
        List<String> list = List.of(containers);
        if (list.isEmpty() || new HashSet<>(list).size() < list.size()) {
            throw new IllegalArgumentException("give at least one container, and none twice: " + list);
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
            asked = asked > Integer.MAX_VALUE - count ? Integer.MAX_VALUE : asked + count;
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    /** Connects to what is asked for and free. Called with the lock. */
    private void dispatch() {
        while (asked > 0 && !free.isEmpty()) {
            asked--;
            String container = free.remove();
            Thread thread = Thread.ofVirtual().name("atex-podman-connect").unstarted(() -> connect(container));
            connecting.add(thread);
            thread.start();
        }
    }

    private void connect(String container) {
        Borrowed borrowed = null;
        Offer offer = null;
        try {
            PodmanConnection connection = PodmanConnection.open(container, options);
            borrowed = new Borrowed(container, connection);
            borrowed.labels.putAll(SystemLabels.of(connection));
            offer = new Offer.Ready(borrowed);
        } catch (AtexException e) {
            offer = new Offer.Failed(new ProvisioningException(
                    "could not have container " + container + ": " + e.getMessage(), e, container));
        } catch (InterruptedException e) {
            // Nobody wants it any more.
        }
        boolean wanted = offered(container, borrowed, offer);
        if (!wanted && borrowed != null) {
            borrowed.connection.close();
        }
        lock.lock();
        try {
            connecting.remove(Thread.currentThread());
            if (!wanted || !(offer instanceof Offer.Ready)) {
                free.add(container);
            }
            cancelled.remove(Thread.currentThread());
            if (wanted || !closed) {
                dispatch();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** {@return whether somebody still wants to know how connecting ended} */
    private boolean offered(String container, @Nullable Borrowed borrowed, @Nullable Offer offer) {
        lock.lock();
        try {
            if (closed || offer == null || cancelled.contains(Thread.currentThread())) {
                return false;
            }
            if (borrowed != null && offer instanceof Offer.Ready) {
                int life = lives.merge(container, 1, Integer::sum);
                borrowed.name = life == 1 ? container : container + "#" + life;
                live.add(borrowed);
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
        List<Borrowed> unwanted;
        lock.lock();
        try {
            asked = 0;
            connecting.forEach(Thread::interrupt);
            cancelled.addAll(connecting);
            unwanted = offers.stream()
                    .filter(offer -> offer instanceof Offer.Ready)
                    .map(offer -> (Borrowed) ((Offer.Ready) offer).remote())
                    .toList();
            offers.clear();
        } finally {
            lock.unlock();
        }
        unwanted.forEach(Borrowed::close);
    }

    @Override
    public Map<String, String> labels() {
        return LABELS;
    }

    @Override
    public void close() {
        List<Borrowed> left;
        lock.lock();
        try {
            closed = true;
            asked = 0;
            offers.clear();
            connecting.forEach(Thread::interrupt);
            left = List.copyOf(live);
            changed.signalAll();
            while (!connecting.isEmpty()) {
                changed.awaitUninterruptibly(); // each is interrupted, and answers soon
            }
        } finally {
            lock.unlock();
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            left.forEach(borrowed -> threads.execute(borrowed::close));
        }
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("this provisioner of " + all + " is closed; make another one");
        }
    }

    @Override
    public String toString() {
        return "containers " + all;
    }

    /** One of them, until it is given back. */
    private final class Borrowed implements Remote {
        private final String container;
        private final PodmanConnection connection;
        private final Map<String, String> labels = new HashMap<>(LABELS);
        private volatile String name;

        Borrowed(String container, PodmanConnection connection) {
            this.container = container;
            this.connection = connection;
            this.name = container;
        }

        @Override
        public String name() {
            return name;
        }

        /** {@return the container: its lives have different names} */
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
                    dispatch();
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

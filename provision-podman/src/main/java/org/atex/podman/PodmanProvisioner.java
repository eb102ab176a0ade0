package org.atex.podman;

import java.io.IOException;
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
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.jspecify.annotations.Nullable;

/**
 * Hands out containers of one image, plain ones or such with systemd, started for whoever asks and removed when given back,
 * with their volumes.
 *
 * <p>There are never more of them at once than the cap, and no more are started at the same time than is said. A system is
 * offered when it has answered: one with systemd when that is up.
 *
 * <p>Containers are named after their image and labelled with the program that started them. What a killed program has left is
 * removed when the next one opens a provisioner.
 *
 * <p>Labels, known beforehand: {@code os} ({@code linux}), {@code image}, and what the builder was told. Each system has
 * {@code arch} and {@code distro} besides.
 *
 * <p>Lifecycle and thread safety are those of {@link Provisioner}.
 */
public final class PodmanProvisioner implements Provisioner {
    private static final Duration CLOSING = Duration.ofMinutes(1);

    /** What decides on HOSTNAME, which podman gives its first process always, and commands then only. */
    private static final Pattern NAMES_HOST = Pattern.compile("^(-h|--hostname|--uts|--env-|--pod)|HOSTNAME");

    /** Takes in orphans, as an init does, and ends at once when told to. */
    private static final List<String> IDLE =
            List.of("bash", "-c", "trap 'exit 0' TERM; while :; do sleep infinity & wait $!; done");

    private final Builder settings;
    private final Podman podman;
    private final Owner owner = Owner.me();
    private final String run = Integer.toHexString(ThreadLocalRandom.current().nextInt());
    private final Map<String, String> labels;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Set<Thread> starting = new HashSet<>();
    private final Set<Thread> cancelled = new HashSet<>();
    private final Deque<PodmanRemote> ready = new ArrayDeque<>();
    private final Deque<ProvisioningException> failed = new ArrayDeque<>();
    private final Set<PodmanRemote> live = new HashSet<>();
    private int asked;
    private int made;
    private boolean closed;

    private PodmanProvisioner(Builder settings) {
        this.settings = settings;
        podman = new Podman(settings.options.program());
        Map<String, String> known = new HashMap<>(Map.of("os", "linux", "image", settings.image));
        known.putAll(settings.labels);
        labels = Map.copyOf(known);
    }

    /**
     * {@return a builder of provisioners of an image's containers}
     *
     * @param image what podman calls the image
     */
    public static Builder builder(String image) {
        return new Builder(image);
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

    /** Starts what is asked for, as far as there is room. Called with the lock. */
    private void dispatch() {
        while (asked > 0
                && starting.size() < settings.maxConcurrentStarts
                && starting.size() + live.size() < settings.cap) {
            asked--;
            String name = Container.name(settings.image, run, ++made);
            Thread thread = Thread.ofVirtual().name("atex-podman-start-" + made).unstarted(() -> start(name));
            starting.add(thread);
            thread.start();
        }
    }

    private void start(String name) {
        PodmanRemote remote = null;
        ProvisioningException failure = null;
        try {
            remote = started(name);
        } catch (IOException | RuntimeException e) {
            // Of every kind: nobody else is told that this start has ended.
            failure = new ProvisioningException(
                    "could not start container " + name + " of " + settings.image + ": " + e.getMessage()
                            + Advice.on(e),
                    e);
        } catch (InterruptedException e) {
            // Nobody wants it any more.
        }
        if (!offered(remote, failure) && remote != null) {
            remote.close();
        }
        lock.lock();
        try {
            starting.remove(Thread.currentThread());
            cancelled.remove(Thread.currentThread());
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** {@return whether somebody still wants to know how a start ended} */
    private boolean offered(@Nullable PodmanRemote remote, @Nullable ProvisioningException failure) {
        lock.lock();
        try {
            if (closed || cancelled.contains(Thread.currentThread())) {
                return false;
            }
            starting.remove(Thread.currentThread());
            if (remote != null) {
                live.add(remote);
                ready.add(remote);
            }
            if (failure != null) {
                failed.add(failure);
            }
            dispatch();
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private PodmanRemote started(String name) throws IOException, InterruptedException {
        Deadline deadline = Deadline.in(settings.startWithin);
        PodmanConnection adopting = adopting(name);
        PodmanConnection connection = adopting;
        Container container = Container.start(podman, settings, name, owner, command(adopting));
        boolean done = false;
        try {
            PodmanConnection made = adopting != null ? adopted(adopting, container, deadline) : opened(name, deadline);
            connection = made;
            Map<String, String> all = new HashMap<>(SystemLabels.of(made));
            all.putAll(labels);
            PodmanRemote remote = new PodmanRemote(container, made, all, this::giveBack);
            done = true;
            return remote;
        } catch (IOException | RuntimeException e) {
            String ending = container.ending();
            if (ending != null) {
                throw new IOException(ending, e);
            }
            throw e;
        } finally {
            if (!done) {
                if (connection != null) {
                    connection.close();
                }
                container.remove();
            }
        }
    }

    private static PodmanConnection adopted(PodmanConnection connection, Container container, Deadline deadline)
            throws IOException, InterruptedException {
        connection.adopt(container.process(), deadline);
        return connection;
    }

    private PodmanConnection opened(String name, Deadline deadline) throws InterruptedException {
        return PodmanConnection.open(
                name,
                settings.options.withConnectWithin(deadline.left().plusMillis(1)),
                settings.systemd ? new SystemdBoot() : PodmanConnection.BeforeConnecting.NOTHING);
    }

    /** {@return a connection whose shell the container itself starts, or null if it has something else to do} */
    private @Nullable PodmanConnection adopting(String name) {
        boolean ours = !settings.systemd
                && settings.command == null
                && settings.options.user() == null
                && settings.runOptions.stream().noneMatch(NAMES_HOST.asPredicate());
        return ours ? PodmanConnection.unconnected(name, settings.options) : null;
    }

    private List<String> command(@Nullable PodmanConnection adopting) {
        if (settings.systemd) {
            return List.of("/sbin/init");
        }
        List<String> command = settings.command;
        return command != null ? command : adopting != null ? adopting.keeping() : IDLE;
    }

    @Override
    public Offer take(Duration atMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.NANOSECONDS.convert(atMost);
            while (true) {
                refuseIfClosed();
                PodmanRemote remote = ready.poll();
                if (remote != null) {
                    return new Offer.Ready(remote);
                }
                ProvisioningException failure = failed.poll();
                if (failure != null) {
                    return new Offer.Failed(failure);
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

    private void giveBack(PodmanRemote remote) {
        lock.lock();
        try {
            live.remove(remote);
            dispatch();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void clear() {
        List<PodmanRemote> unwanted;
        lock.lock();
        try {
            asked = 0;
            failed.clear();
            unwanted = List.copyOf(ready);
            ready.clear();
            cancelStarts();
        } finally {
            lock.unlock();
        }
        // Beside the caller, who need not wait for it; they are live, so close() does.
        unwanted.forEach(remote -> Thread.ofVirtual().name("atex-podman-clear").start(remote::close));
    }

    private void cancelStarts() {
        starting.forEach(Thread::interrupt);
        cancelled.addAll(starting);
    }

    @Override
    public Map<String, String> labels() {
        return labels;
    }

    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        List<PodmanRemote> left;
        lock.lock();
        try {
            closed = true;
            asked = 0;
            ready.clear();
            failed.clear();
            cancelStarts();
            left = List.copyOf(live);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        try (ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
            left.forEach(remote -> all.execute(remote::close));
        }
        interrupted |= awaitStarts();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** {@return whether it was interrupted meanwhile} */
    private boolean awaitStarts() {
        boolean interrupted = false;
        lock.lock();
        try {
            for (long nanos = CLOSING.toNanos(); !starting.isEmpty() && nanos > 0; ) {
                try {
                    nanos = changed.awaitNanos(nanos);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            lock.unlock();
        }
        return interrupted;
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("this provisioner of " + settings.image + " is closed; make another one");
        }
    }

    @Override
    public String toString() {
        return "containers of " + settings.image + ", up to " + settings.cap;
    }

    /** Says what containers are like. For one thread. */
    public static final class Builder {
        final String image;
        final Map<String, String> labels = new HashMap<>();
        List<String> runOptions = List.of();

        @Nullable
        List<String> command;

        boolean systemd;
        PullPolicy pull = PullPolicy.MISSING;
        int cap = 4;
        int maxConcurrentStarts = Runtime.getRuntime().availableProcessors() + 1;
        Duration startWithin = Duration.ofMinutes(5);
        PodmanOptions options = PodmanOptions.defaults();

        private Builder(String image) {
            if (image.isBlank() || image.startsWith("-")) {
                throw new IllegalArgumentException("not the name of an image: '" + image + "'");
            }
            this.image = image;
        }

        /**
         * Sets how many systems there may be at once; 4 by default.
         *
         * @param most at least 1
         * @return this builder
         */
        public Builder maxSystems(int most) {
            if (most < 1) {
                throw new IllegalArgumentException("a cap of " + most + " systems leaves none: give at least 1");
            }
            cap = most;
            return this;
        }

        /**
         * Sets how many are started at the same time; by default one more than there are processors.
         *
         * @param most at least 1
         * @return this builder
         */
        public Builder maxConcurrentStarts(int most) {
            if (most < 1) {
                throw new IllegalArgumentException("with " + most + " starts at once none is started: give at least 1");
            }
            maxConcurrentStarts = most;
            return this;
        }

        /**
         * Sets options of {@code podman run}, such as {@code --memory=1g}. Refused are those by which a container could not be
         * found and removed: {@code --name}, {@code --replace}, {@code --rm}, {@code --detach}, {@code --cidfile},
         * {@code --pidfile}, {@code --pod=new:…}, {@code --}.
         *
         * @param words each a word of its own
         * @return this builder
         * @throws IllegalArgumentException if one is refused; the message says what to do instead
         */
        public Builder runOptions(String... words) {
            RunOptions.check(List.of(words));
            runOptions = List.of(words);
            return this;
        }

        /**
         * Sets what the container runs, and what it lives as long as; by default a shell that waits. Nothing at all means what
         * the image says.
         *
         * @param words the program and its arguments
         * @return this builder
         */
        public Builder command(String... words) {
            if (systemd) {
                throw new IllegalArgumentException(
                        "systemd() already says what the container runs: leave out command()");
            }
            command = List.of(words);
            return this;
        }

        /**
         * Boots {@code /sbin/init} of the image, which must be systemd. A system is offered when it is up, and it can be
         * rebooted from inside.
         *
         * @return this builder
         */
        public Builder systemd() {
            if (command != null) {
                throw new IllegalArgumentException(
                        "command() already says what the container runs: leave out systemd()");
            }
            systemd = true;
            return this;
        }

        /**
         * Sets when a registry is asked for the image; by default when it is not here.
         *
         * @param policy when
         * @return this builder
         */
        public Builder pull(PullPolicy policy) {
            pull = policy;
            return this;
        }

        /**
         * Sets how long a container may take until it answers, pulling its image included; 5 minutes by default.
         *
         * @param limit more than nothing
         * @return this builder
         */
        public Builder startWithin(Duration limit) {
            if (limit.isNegative() || limit.isZero()) {
                throw new IllegalArgumentException("nothing starts within " + limit + ": give it more than nothing");
            }
            startWithin = limit;
            return this;
        }

        /**
         * Adds a label that every system has.
         *
         * @param name its name
         * @param value its value
         * @return this builder
         */
        public Builder label(String name, String value) {
            labels.put(name, value);
            return this;
        }

        /**
         * Sets how podman is run and as whom commands are; how long connecting may take is {@link #startWithin}'s.
         *
         * @param how the options
         * @return this builder
         */
        public Builder options(PodmanOptions how) {
            options = how;
            return this;
        }

        /**
         * {@return the provisioner; what killed programs have left is gone}
         *
         * @throws ProvisioningException if podman does not work here
         * @throws InterruptedException if interrupted
         */
        public PodmanProvisioner build() throws InterruptedException {
            try {
                Container.sweep(new Podman(options.program()));
            } catch (IOException e) {
                throw new ProvisioningException("podman does not work here: " + e.getMessage() + Advice.on(e), e);
            }
            return new PodmanProvisioner(this);
        }
    }
}

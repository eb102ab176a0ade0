package org.atex.testingfarm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.atex.api.Connection;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.ssh.Host;
import org.atex.ssh.SshOptions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reserves machines at Testing Farm and hands them out as systems that are reached over ssh.
 *
 * <p>Each machine is a request of its own, with a tag of the run and one of its own. Whatever happens, each request is
 * cancelled in the end: when its system is given back, when it fails, when it is not wanted any more, when this is closed, and
 * by a shutdown hook when the program ends before that; and each cancellation is followed until the service says that it is
 * done. What a killed program leaves is found by the run's tag: {@link Leftovers}.
 *
 * <p>A reservation that fails is made again as often as the builder says; after that, and for what is of no use to try again,
 * there is an {@link Offer.Failed} that says in which phase it failed and what the service and its log say. When the service
 * does not take what is asked for or the token, the offer is {@link Offer.Exhausted} until the next {@link #provision}.
 *
 * <p>Systems are named by the id of their request. Labels are {@code compose}, {@code arch}, {@code pool} if it was given,
 * {@code host} and {@code request}. {@link org.atex.api.Remote#expires()} says when the reservation ends.
 *
 * <p>Lifecycle: ready when it is opened, and has a shutdown hook from then on; {@link #close()} gives everything back, which
 * takes the service a minute, and removes the hook.
 *
 * <p>Thread safety: that of {@link Provisioner}.
 */
public final class TestingFarmProvisioner implements Provisioner {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    /** For what does not wait for the service: threads to end, connections to close. */
    private static final Duration CLOSING = Duration.ofMinutes(1);

    /** Who ends a program does not want to wait for long. The service cancels what it was asked to, seen or not. */
    private static final Duration SHUTDOWN = Duration.ofSeconds(20);

    private final Run run;
    private final Poller poller;
    private final ShutdownHook hook;
    private final Thread closer;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** All that may still cost something, until the service says that they are over. */
    private final Set<Booking> alive = new HashSet<>();

    private final Set<Booking> pending = new HashSet<>();
    private final Queue<FarmRemote> ready = new ArrayDeque<>();
    private final Queue<ProvisioningException> failed = new ArrayDeque<>();
    private final Set<FarmRemote> taken = new HashSet<>();
    /** Those that were on their way when they were not wanted any more. */
    private final List<Thread> leaving = new ArrayList<>();

    private final Booking.Owner owner = new Owner();
    private int asked;
    private int failures;
    private @Nullable String ended;
    private boolean unclear;
    private boolean closed;

    private TestingFarmProvisioner(Run run) {
        this.run = run;
        this.poller = new Poller(run.settings);
        this.closer = Threads.unstarted("close-farm", this::giveBackAll);
        this.hook = ShutdownHook.register("atex-farm-shutdown", this::shutDown);
        poller.start();
    }

    /**
     * {@return a builder of provisioners of one kind of machine}
     *
     * @param api the service; it stays the caller's to close, after the provisioner
     * @param reservation what kind of machine, and for how long
     */
    public static Builder of(TestingFarmApi api, Reservation reservation) {
        return new Builder(api, reservation);
    }

    /** {@return the tag of all its requests, by which {@link Leftovers} finds them should this program be killed} */
    public String run() {
        return run.settings.run();
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
            ended = null;
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    /** Under the lock: reserves what is missing, as far as there is room. */
    private void dispatch() {
        while (!closed
                && ended == null
                && asked > pending.size() + ready.size()
                && alive.size() < run.settings.atOnce()) {
            Booking booking = new Booking(run, owner);
            alive.add(booking);
            pending.add(booking);
            poller.add(booking);
            booking.start();
        }
        changed.signalAll();
    }

    private final class Owner implements Booking.Owner {
        @Override
        public boolean arrived(Booking booking, Connection connection, Host host) {
            lock.lock();
            try {
                if (closed || !pending.remove(booking)) {
                    return false;
                }
                Map<String, String> labels = new LinkedHashMap<>(host.labels());
                labels.putAll(run.reservation.labels());
                labels.put("request", String.valueOf(booking.id()));
                ready.add(new FarmRemote(
                        booking, host, Map.copyOf(labels), connection, TestingFarmProvisioner.this::giveBack));
                changed.signalAll();
                return true;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void failed(Booking booking, ProvisioningException why, boolean forGood) {
            lock.lock();
            try {
                if (!pending.remove(booking) || closed) {
                    return;
                }
                boolean again = !forGood && failures < run.settings.tolerated();
                failures++;
                LOG.warn("{}{}", again ? "trying again: " : "", why.getMessage());
                if (!again) {
                    asked--;
                    failed.add(why);
                }
                if (forGood) {
                    ended = why.getMessage();
                }
                dispatch();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void over(Booking booking) {
            lock.lock();
            try {
                unclear |= booking.wasUnclear();
                alive.remove(booking);
                dispatch();
            } finally {
                lock.unlock();
            }
            // Last: whoever closes goes on when there is none left.
            poller.remove(booking);
        }
    }

    @Override
    public Offer take(Duration atMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.NANOSECONDS.convert(atMost);
            while (true) {
                refuseIfClosed();
                Offer offer = offer();
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

    private @Nullable Offer offer() {
        FarmRemote remote = ready.poll();
        if (remote != null) {
            asked--;
            taken.add(remote);
            return new Offer.Ready(remote);
        }
        ProvisioningException failure = failed.poll();
        if (failure != null) {
            return new Offer.Failed(failure);
        }
        return asked > 0 && ended != null && pending.isEmpty() ? new Offer.Exhausted(ended) : null;
    }

    private void giveBack(FarmRemote remote) {
        try {
            remote.connection().close();
        } catch (RuntimeException e) {
            LOG.warn("the connection to {} was not closed cleanly", remote, e);
        }
        remote.booking().abandon();
        lock.lock();
        try {
            taken.remove(remote);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void clear() {
        List<FarmRemote> unwanted;
        List<Booking> bookings;
        lock.lock();
        try {
            asked = 0;
            failed.clear();
            unwanted = new ArrayList<>(ready);
            ready.clear();
            taken.addAll(unwanted);
            bookings = new ArrayList<>(pending);
            pending.clear();
            leaving.removeIf(thread -> !thread.isAlive());
            bookings.forEach(booking -> leaving.add(booking.thread()));
        } finally {
            lock.unlock();
        }
        bookings.forEach(booking -> Threads.start("unwanted", booking::abandon));
        unwanted.forEach(remote -> Threads.start("unwanted-" + remote, remote::close));
    }

    /**
     * {@return a line for a shell with which a person gets in while this is open, as we do}
     *
     * @param remote a system of this provisioner
     * @throws IllegalArgumentException if it is none
     * @throws InterruptedException if interrupted
     */
    public String sshCommand(Remote remote) throws InterruptedException {
        if (!(remote instanceof FarmRemote machine)) {
            throw new IllegalArgumentException(remote.name() + " is not a machine of " + this);
        }
        List<String> words = new ArrayList<>(List.of("ssh", "-o", "IdentitiesOnly=yes"));
        for (Path key : run.ground().key().privateKeys()) {
            words.addAll(List.of("-i", key.toString()));
        }
        words.addAll(List.of("-o", "UserKnownHostsFile=" + machine.booking().knownHosts()));
        Host host = machine.host();
        if (host.port() != 0) {
            words.addAll(List.of("-p", String.valueOf(host.port())));
        }
        if (host.jumpHost() != null) {
            words.addAll(List.of("-J", host.jumpHost()));
        }
        words.add((host.user() == null ? "" : host.user() + "@") + host.address());
        return words.stream().map(TestingFarmProvisioner::quoted).collect(Collectors.joining(" "));
    }

    private static String quoted(String word) {
        return word.matches("[A-Za-z0-9_@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    @Override
    public Map<String, String> offers() {
        return run.reservation.labels();
    }

    /** {@inheritDoc} Waits until the service says that all requests are over, or for as long as the builder allows. */
    @Override
    public void close() {
        beginClosing();
        // Whoever closes waits until it is done. It takes a thread of its own, so that an interrupt does not cut it
        // short.
        Threads.join(
                List.of(closer),
                run.settings
                        .cancelWithin()
                        .plus(run.settings.pollEvery().multipliedBy(2))
                        .plus(CLOSING));
    }

    private void beginClosing() {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                changed.signalAll();
                closer.start();
            }
        } finally {
            lock.unlock();
        }
    }

    private void giveBackAll() {
        clear();
        List<FarmRemote> remotes;
        lock.lock();
        try {
            remotes = List.copyOf(taken);
        } finally {
            lock.unlock();
        }
        List<Thread> closing = remotes.stream()
                .map(remote -> Threads.start("give-back-" + remote, remote::close))
                .toList();
        Threads.join(closing, CLOSING);
        Duration patience =
                run.settings.cancelWithin().plus(run.settings.pollEvery().multipliedBy(2));
        poller.awaitNothing(patience);
        if (isUnclear()) {
            cancelUnknown();
            poller.awaitNothing(patience);
        }
        leaveTheRest();
        poller.close();
        awaitLeaving();
        run.close();
        hook.close();
    }

    /** Who is still logging in may be writing down the guest's key. */
    private void awaitLeaving() {
        List<Thread> threads;
        lock.lock();
        try {
            threads = List.copyOf(leaving);
        } finally {
            lock.unlock();
        }
        Threads.join(threads, CLOSING);
    }

    private boolean isUnclear() {
        lock.lock();
        try {
            return unclear;
        } finally {
            lock.unlock();
        }
    }

    /** An answer was lost once: there may be a request of ours whose id we never heard. */
    private void cancelUnknown() {
        try {
            for (FarmRequest request : Leftovers.of(run.api, run()).list()) {
                if (request.state().isAlive()) {
                    LOG.info("cancelling {}, of which we never heard", request.id());
                    follow(Booking.ofLeftover(run, owner, request)).cancel();
                }
            }
        } catch (TestingFarmException e) {
            LOG.error(
                    "there may be a request that nobody knows of, with the tag {}={}: {}",
                    NewRequest.RUN_TAG,
                    run(),
                    e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Booking follow(Booking booking) {
        lock.lock();
        try {
            alive.add(booking);
        } finally {
            lock.unlock();
        }
        poller.add(booking);
        return booking;
    }

    private void leaveTheRest() {
        List<Booking> left;
        lock.lock();
        try {
            left = List.copyOf(alive);
        } finally {
            lock.unlock();
        }
        left.forEach(booking -> booking.leave(SHUTDOWN, "the program ends"));
    }

    /** The program ends: what can be done in a moment is done. */
    private void shutDown() {
        beginClosing();
        if (!Threads.join(List.of(closer), SHUTDOWN)) {
            leaveTheRest();
        }
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("the provisioner of " + run.reservation + " is closed");
        }
    }

    @Override
    public String toString() {
        return run.reservation + " from " + run.api.service();
    }

    /** Settings of a provisioner, with defaults. For one thread at a time; each is for one provisioner. */
    public static final class Builder {
        private final TestingFarmApi api;
        private final Reservation reservation;
        private int atOnce = 10;
        private int tolerated = 5;
        private Duration queueWithin = Duration.ofHours(1);
        private Duration provisionWithin = Duration.ofHours(1);
        private Duration sshWithin = Duration.ofMinutes(10);
        private Duration cancelWithin = Duration.ofMinutes(5);
        private Duration pollEvery = FarmSettings.POLL_EVERY;
        private @Nullable List<String> sourceCidrs;
        private List<URI> addressSites = SourceAddresses.USUAL;
        private UnaryOperator<Host> hosts = UnaryOperator.identity();
        private ReservationListener listener = event -> {};
        private String run = UUID.randomUUID().toString();
        private SshOptions options = SshOptions.defaults().withoutConfig().withoutAgent();
        private Function<Path, RunKey> keys = directory -> RunKey.generated(directory, options);
        private GuestLogin.Connector connector = GuestLogin.Connector.ssh();
        private Clock clock = Clock.systemUTC();
        private Pause pause = Thread::sleep;

        private Builder(TestingFarmApi api, Reservation reservation) {
            this.api = api;
            this.reservation = reservation;
        }

        /**
         * Sets how many machines there may be at once, those on their way included. 10 unless set.
         *
         * @param count how many, at least 1
         * @return this
         */
        public Builder atOnce(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("there must be room for at least 1 machine, not " + count);
            }
            atOnce = count;
            return this;
        }

        /**
         * Sets how many reservations may fail before a failure is told. Until then another one is made in its place. 5 unless
         * set.
         *
         * @param count how many, of all that the provisioner ever makes
         * @return this
         */
        public Builder toleratedFailures(int count) {
            if (count < 0) {
                throw new IllegalArgumentException("toleratedFailures must be 0 or more, not " + count);
            }
            tolerated = count;
            return this;
        }

        /**
         * Sets how long a request may wait until a worker has it. An hour unless set.
         *
         * @param limit how long
         * @return this
         */
        public Builder queueWithin(Duration limit) {
            queueWithin = TestingFarmApi.Builder.positive(limit, "queueWithin");
            return this;
        }

        /**
         * Sets how long it may take from then until the machine is reserved. An hour unless set; scarce hardware takes longer.
         *
         * @param limit how long
         * @return this
         */
        public Builder provisionWithin(Duration limit) {
            provisionWithin = TestingFarmApi.Builder.positive(limit, "provisionWithin");
            return this;
        }

        /**
         * Sets how long it may take from then until commands run there. Ten minutes unless set.
         *
         * @param limit how long
         * @return this
         */
        public Builder sshWithin(Duration limit) {
            sshWithin = TestingFarmApi.Builder.positive(limit, "sshWithin");
            return this;
        }

        /**
         * Sets how long the service may take to cancel a request, before it is left and an error is logged that has the command
         * for it. Five minutes unless set.
         *
         * @param limit how long
         * @return this
         */
        public Builder cancelWithin(Duration limit) {
            cancelWithin = TestingFarmApi.Builder.positive(limit, "cancelWithin");
            return this;
        }

        /**
         * Sets the time between two looks at a request. Half a minute unless set, which is what the service expects.
         *
         * @param interval how long
         * @return this
         */
        public Builder pollEvery(Duration interval) {
            pollEvery = TestingFarmApi.Builder.positive(interval, "pollEvery");
            return this;
        }

        /**
         * Sets whom the firewall of the machines lets in. Unless set, our address is looked up where there is a firewall; if
         * nobody knows it, a warning says so.
         *
         * @param cidrs addresses, such as {@code 192.0.2.1/32}; none if there is no firewall to open
         * @return this
         * @throws IllegalArgumentException if one is no such thing
         */
        public Builder sourceCidrs(String... cidrs) {
            sourceCidrs = List.of(cidrs).stream().map(SourceAddresses::checked).toList();
            return this;
        }

        /** Sets who is asked for our address. */
        Builder addressSites(URI... sites) {
            addressSites = List.of(sites);
            return this;
        }

        /**
         * Sets the key with which we get in. One is generated for the run unless set, and deleted after it.
         *
         * @param file a private key without passphrase; its public half is beside it, with {@code .pub} added to its name
         * @return this
         * @throws IllegalArgumentException if they cannot be read
         */
        public Builder key(Path file) {
            RunKey given = RunKey.given(file, options);
            keys = directory -> given;
            return this;
        }

        /**
         * Has the user's own keys in {@code ~/.ssh} used, those without passphrase.
         *
         * @return this
         * @throws IllegalArgumentException if there is none
         */
        public Builder ownKeys() {
            RunKey found = RunKey.found(Path.of(System.getProperty("user.home"), ".ssh"), options);
            keys = directory -> found;
            return this;
        }

        /**
         * Sets what changes how machines are reached: another port, a jump host.
         *
         * @param change is given what the service says
         * @return this
         */
        public Builder hosts(UnaryOperator<Host> change) {
            hosts = change;
            return this;
        }

        /**
         * Sets who is told how reservations go on.
         *
         * @param who is told
         * @return this
         */
        public Builder listener(ReservationListener who) {
            listener = who;
            return this;
        }

        /**
         * Sets the tag of all requests of the run, by which {@link Leftovers} finds them. A new one unless set.
         *
         * @param tag letters, digits, {@code -}, {@code _} and {@code .}; no other run must have it
         * @return this
         */
        public Builder run(String tag) {
            if (!tag.matches("[A-Za-z0-9._-]{1,128}")) {
                throw new IllegalArgumentException(
                        "not a tag: '" + tag + "'; expected up to 128 letters, digits, '-', '_' and '.'");
            }
            run = tag;
            return this;
        }

        /** Sets what opens connections. */
        Builder connector(GuestLogin.Connector opener) {
            connector = opener;
            return this;
        }

        /** Sets what tells the time, and how it passes. */
        Builder time(Clock now, Pause wait) {
            clock = now;
            pause = wait;
            return this;
        }

        /** {@return a provisioner with these settings; nothing is asked before a machine is wanted} */
        public TestingFarmProvisioner open() {
            FarmSettings settings = new FarmSettings(
                    atOnce,
                    tolerated,
                    queueWithin,
                    provisionWithin,
                    sshWithin,
                    cancelWithin,
                    pollEvery,
                    sourceCidrs,
                    addressSites,
                    hosts,
                    listener,
                    run,
                    connector,
                    clock,
                    pause);
            try {
                Path directory = Files.createTempDirectory("atex-farm-");
                return new TestingFarmProvisioner(new Run(api, reservation, settings, directory, keys));
            } catch (IOException e) {
                throw new UncheckedIOException("cannot make a directory for the keys of the run", e);
            }
        }
    }
}

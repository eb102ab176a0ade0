package org.atex.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A TCP proxy on this machine in front of some server, with faults: refuses, is silent, resets, stalls, half-closes, adds
 * garbage, is slow. Faults are set for all connections, open ones too, or by a script for those to come; tests wait for
 * what arrives instead of sleeping.
 *
 * <p>{@snippet :
 * try (FaultProxy proxy = FaultProxy.to(server)) {
 *     proxy.set(new Fault.Stall(Fault.Direction.TO_CLIENT, 100));
 *     // connect to proxy.address() …
 *     proxy.awaitConnections(1, Duration.ofSeconds(10));
 * }
 * }
 *
 * <p>Lifecycle: listens when its factory returns it; {@link #close()} ends it and all connections.
 *
 * <p>Thread safety: every method may be called from any thread.
 */
public final class FaultProxy implements AutoCloseable {
    private final InetSocketAddress target;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<FaultLink, Thread> links = new HashMap<>();
    private final Queue<Fault> script = new ArrayDeque<>();
    private final Map<Fault.Direction, Long> bytes = new EnumMap<>(Fault.Direction.class);
    /** So that switches do not overlap. It is taken first, and held while sockets are opened and closed. */
    private final ReentrantLock switching = new ReentrantLock();

    private final InetSocketAddress address;
    private @Nullable ServerSocket listener;

    /** Bound as long as the proxy is open, and never listens: nobody else is given the port while the proxy refuses. */
    private final Socket placeholder = new Socket();

    private Thread acceptor = Thread.ofVirtual().unstarted(() -> {});
    private List<Fault> standing = List.of();
    private int connections;
    private boolean closed;

    private FaultProxy(InetSocketAddress target) throws IOException {
        this.target = target;
        placeholder.setReuseAddress(true);
        placeholder.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        this.address = (InetSocketAddress) placeholder.getLocalSocketAddress();
        this.listener = listen(address);
    }

    /**
     * {@return a proxy that listens on a free port of this machine, without faults}
     *
     * @param target the server behind it; it need not be there yet
     * @throws IOException if there is no port
     */
    public static FaultProxy to(InetSocketAddress target) throws IOException {
        FaultProxy proxy = new FaultProxy(target);
        proxy.startAccepting();
        return proxy;
    }

    /**
     * {@return a proxy that listens on a free port of this machine, without faults}
     *
     * @param host where the server behind it is
     * @param port its port
     * @throws IOException if there is no port
     */
    public static FaultProxy to(String host, int port) throws IOException {
        return to(new InetSocketAddress(host, port));
    }

    private static ServerSocket listen(InetSocketAddress where) throws IOException {
        ServerSocket socket = new ServerSocket();
        socket.setReuseAddress(true);
        socket.bind(where, 1024);
        return socket;
    }

    /** {@return where it listens} */
    public InetSocketAddress address() {
        return address;
    }

    /** {@return the name of where it listens} */
    public String host() {
        return address.getAddress().getHostAddress();
    }

    /** {@return the port on which it listens} */
    public int port() {
        return address.getPort();
    }

    /**
     * Changes what happens from now on, to open connections too; bytes count from now on. Of each direction the first fault
     * counts.
     *
     * @param faults what happens; none is a proxy like any other
     */
    public void set(Fault... faults) {
        List<Fault> now = List.of(faults);
        switching.lock();
        try {
            List<FaultLink> open;
            lock.lock();
            try {
                refuseIfClosed();
                standing = now;
                open = List.copyOf(links.keySet());
            } finally {
                lock.unlock();
            }
            listenUnless(now.stream().anyMatch(fault -> fault instanceof Fault.Refuse));
            open.forEach(link -> link.become(now));
        } catch (IOException e) {
            throw new UncheckedIOException("the fault proxy could not change to " + now + " on " + address, e);
        } finally {
            switching.unlock();
        }
    }

    /**
     * Plans what happens to the connections that arrive next, to each another fault, whatever is set; after them it is what
     * is set. {@link #set} changes those too.
     *
     * @param faults a fault each; {@link Fault.Refuse} cannot be planned, as a refused connection never arrives
     */
    public void script(Fault... faults) {
        for (Fault fault : faults) {
            if (fault instanceof Fault.Refuse) {
                throw new IllegalArgumentException("a refused connection never arrives: set it instead");
            }
        }
        lock.lock();
        try {
            script.addAll(List.of(faults));
        } finally {
            lock.unlock();
        }
    }

    private void listenUnless(boolean refuse) throws IOException {
        ServerSocket current = listener;
        if (refuse && current != null) {
            current.close();
            // The socket is gone when whoever accepted there has left.
            join(List.of(acceptor));
            listener = null;
        } else if (!refuse && current == null) {
            listener = listen(address);
            startAccepting();
        }
    }

    private void startAccepting() {
        ServerSocket socket = listener;
        if (socket != null) {
            acceptor = Thread.ofVirtual().name("atex-fault-proxy-accept").start(() -> {
                try {
                    while (true) {
                        accepted(socket.accept());
                    }
                } catch (IOException e) {
                    // the listener was closed
                }
            });
        }
    }

    private void accepted(Socket client) throws IOException {
        lock.lock();
        try {
            if (closed) {
                client.close();
                return;
            }
            Fault planned = script.poll();
            List<Fault> faults = planned == null ? standing : List.of(planned);
            FaultLink link = new FaultLink(client, this::received);
            link.become(faults);
            Thread thread = Thread.ofVirtual().name("atex-fault-proxy").unstarted(() -> run(link));
            links.put(link, thread);
            connections++;
            changed.signalAll();
            thread.start();
        } finally {
            lock.unlock();
        }
    }

    private void run(FaultLink link) {
        try {
            link.run(target);
        } catch (InterruptedException e) {
            link.close(); // the proxy is closed
        } finally {
            lock.lock();
            try {
                links.remove(link);
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void received(Fault.Direction direction, long count) {
        lock.lock();
        try {
            bytes.merge(direction, count, Long::sum);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** {@return how many connections have arrived, in all} */
    public int connections() {
        lock.lock();
        try {
            return connections;
        } finally {
            lock.unlock();
        }
    }

    /** {@return how many connections are open} */
    public int open() {
        lock.lock();
        try {
            return links.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until so many connections have arrived, in all.
     *
     * @param count how many
     * @param atMost how long to wait
     * @throws InterruptedException if interrupted
     * @throws AssertionError if there are fewer then
     */
    public void awaitConnections(int count, Duration atMost) throws InterruptedException {
        await(atMost, () -> connections >= count, "connection " + count + " to arrive");
    }

    /**
     * Waits until no more than so many connections are open.
     *
     * @param count how many
     * @param atMost how long to wait
     * @throws InterruptedException if interrupted
     * @throws AssertionError if there are more then
     */
    public void awaitOpen(int count, Duration atMost) throws InterruptedException {
        await(atMost, () -> links.size() <= count, "all but " + count + " connections to end");
    }

    /**
     * Waits until so many bytes have come, over all connections and whether or not they are passed on.
     *
     * @param direction which way they go
     * @param count how many
     * @param atMost how long to wait
     * @throws InterruptedException if interrupted
     * @throws AssertionError if there are fewer then
     */
    public void awaitBytes(Fault.Direction direction, long count, Duration atMost) throws InterruptedException {
        await(atMost, () -> bytes.getOrDefault(direction, 0L) >= count, count + " bytes " + direction);
    }

    private void await(Duration atMost, BooleanSupplier condition, String what) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.NANOSECONDS.convert(atMost);
            while (!condition.getAsBoolean()) {
                if (nanos <= 0) {
                    throw new AssertionError("the fault proxy waited " + atMost.toMillis() + " ms in vain for " + what
                            + "; " + connections + " connections have arrived, " + links.size() + " are open, " + bytes
                            + " bytes have come");
                }
                nanos = changed.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("this fault proxy is closed");
        }
    }

    /** Stops listening and ends all connections. Idempotent; takes a few seconds at the most. */
    @Override
    public void close() {
        switching.lock();
        try {
            Map<FaultLink, Thread> open;
            lock.lock();
            try {
                closed = true;
                open = Map.copyOf(links);
            } finally {
                lock.unlock();
            }
            closeSocket(listener);
            closeSocket(placeholder);
            open.keySet().forEach(FaultLink::close);
            open.values().forEach(Thread::interrupt);
            join(new ArrayList<>(open.values()));
        } finally {
            switching.unlock();
        }
    }

    private static void closeSocket(@Nullable AutoCloseable socket) {
        try {
            if (socket != null) {
                socket.close();
            }
        } catch (Exception e) {
            // nothing of it is left all the same
        }
    }

    private static void join(List<Thread> threads) {
        boolean interrupted = false;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        for (Thread thread : threads) {
            try {
                long left = deadline - System.nanoTime();
                thread.join(Duration.ofNanos(Math.max(1, left)));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return "a fault proxy on " + address + " before " + target;
    }
}

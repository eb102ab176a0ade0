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
 * A TCP proxy on this machine that injects {@linkplain Fault faults} between clients and a server. Faults are set for
 * all connections, including open ones, or planned for the next connections. Tests wait for connections and bytes to
 * arrive instead of sleeping.
 *
 * {@snippet :
 * try (FaultProxy proxy = FaultProxy.to(server)) {
 *     proxy.set(new Fault.Stall(Fault.Direction.TO_CLIENT, 100));
 *     // connect to proxy.address() …
 *     proxy.awaitConnections(1, Duration.ofSeconds(10));
 * }
 * }
 *
 * <p>Lifecycle: the proxy listens when its factory method returns it. {@link #close()} ends it and all its connections.
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
    /**
     * Serializes changes of the faults. It is taken before {@code lock}, and held while sockets are opened and closed;
     * {@code lock} is never held over such calls.
     */
    private final ReentrantLock switching = new ReentrantLock();

    private final InetSocketAddress address;
    private @Nullable ServerSocket listener;

    /**
     * Bound to the port while the proxy is open, but never listening: no other process gets the port while the proxy
     * refuses connections.
     */
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
     * {@return a proxy without faults, which listens on a free port of the loopback interface}
     *
     * @param target the address of the server, which need not listen yet
     * @throws IOException if no port can be bound
     */
    public static FaultProxy to(InetSocketAddress target) throws IOException {
        FaultProxy proxy = new FaultProxy(target);
        proxy.startAccepting();
        return proxy;
    }

    /**
     * {@return a proxy without faults, which listens on a free port of the loopback interface}
     *
     * @param host the host of the server
     * @param port the port of the server
     * @throws IOException if no port can be bound
     */
    public static FaultProxy to(String host, int port) throws IOException {
        return to(new InetSocketAddress(host, port));
    }

    private static ServerSocket listen(InetSocketAddress where) throws IOException {
        ServerSocket socket = new ServerSocket();
        // The placeholder is bound to the same address; both sockets must allow this.
        socket.setReuseAddress(true);
        socket.bind(where, 1024);
        return socket;
    }

    /** {@return the address on which this proxy listens} */
    public InetSocketAddress address() {
        return address;
    }

    /** {@return the IP address on which this proxy listens, as text} */
    public String host() {
        return address.getAddress().getHostAddress();
    }

    /** {@return the port on which this proxy listens} */
    public int port() {
        return address.getPort();
    }

    /**
     * Replaces the faults of all connections, including open ones. Byte counts start again. In each direction, the
     * first fault for it takes effect.
     *
     * @param faults the faults; if there are none, bytes pass unchanged
     * @throws IllegalStateException if this proxy is closed
     * @throws UncheckedIOException if the proxy cannot listen again after {@link Fault.Refuse}
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
            open.forEach(link -> link.setFaults(now));
        } catch (IOException e) {
            throw new UncheckedIOException("could not set the faults " + now + " of the fault proxy on " + address, e);
        } finally {
            switching.unlock();
        }
    }

    /**
     * Plans a fault for each of the next connections, which then ignore the faults of {@link #set}. Connections after
     * them have the faults of {@code set}. A later {@code set} also changes open connections with a planned fault.
     *
     * @param faults one fault per connection
     * @throws IllegalArgumentException if a fault is {@link Fault.Refuse}, because a refused connection never arrives
     */
    public void script(Fault... faults) {
        for (Fault fault : faults) {
            if (fault instanceof Fault.Refuse) {
                throw new IllegalArgumentException(
                        "could not plan Fault.Refuse, because a refused connection never arrives; use set()");
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
            // The kernel refuses connections only after the last accept() on the closed socket has returned.
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
            // Checked under the lock, as close() takes the set of open links under it: no link can miss both.
            if (closed) {
                client.close();
                return;
            }
            Fault planned = script.poll();
            List<Fault> faults = planned == null ? standing : List.of(planned);
            FaultLink link = new FaultLink(client, this::received);
            link.setFaults(faults);
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
            link.close(); // the proxy is closing
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

    /** {@return the total number of connections that have arrived} */
    public int connections() {
        lock.lock();
        try {
            return connections;
        } finally {
            lock.unlock();
        }
    }

    /** {@return the number of open connections} */
    public int open() {
        lock.lock();
        try {
            return links.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until a number of connections have arrived.
     *
     * @param count the total number of connections
     * @param atMost the time to wait
     * @throws InterruptedException if the thread is interrupted
     * @throws AssertionError if fewer connections have arrived by then
     */
    public void awaitConnections(int count, Duration atMost) throws InterruptedException {
        await(atMost, () -> connections >= count, "connection " + count + " to arrive");
    }

    /**
     * Waits until at most a number of connections are open.
     *
     * @param count the number of connections
     * @param atMost the time to wait
     * @throws InterruptedException if the thread is interrupted
     * @throws AssertionError if more connections are still open by then
     */
    public void awaitOpen(int count, Duration atMost) throws InterruptedException {
        await(atMost, () -> links.size() <= count, "all but " + count + " connections to end");
    }

    /**
     * Waits until a number of bytes have arrived at the proxy, over all connections. Bytes that a fault holds back
     * count, too.
     *
     * @param direction the direction of the bytes
     * @param count the total number of bytes
     * @param atMost the time to wait
     * @throws InterruptedException if the thread is interrupted
     * @throws AssertionError if fewer bytes have arrived by then
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
                    throw new AssertionError("waited " + atMost.toMillis() + " ms at the fault proxy for " + what
                            + ", without success; " + connections + " connections have arrived, " + links.size()
                            + " are open, " + bytes + " bytes have arrived");
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

    /**
     * Stops listening and ends all connections. Calling this method again has no effect. It takes a few seconds at
     * most, and does not react to an interrupt.
     */
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
            // Without `lock`: a link that ends takes it to remove itself.
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
            // the descriptor is released even if close() fails
        }
    }

    private static void join(List<Thread> threads) {
        boolean interrupted = false;
        // One deadline for all threads, so that the bound of close() does not grow with the number of connections.
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
        return "fault proxy on " + address + " in front of " + target;
    }
}

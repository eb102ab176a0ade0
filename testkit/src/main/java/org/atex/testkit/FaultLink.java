package org.atex.testkit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ObjLongConsumer;

/** A connection through a {@link FaultProxy}: two sockets and two flows. */
final class FaultLink {
    private final Socket client;
    private final Socket target = new Socket();
    private final List<FaultFlow> flows;
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    FaultLink(Socket client, ObjLongConsumer<Fault.Direction> received) {
        this.client = client;
        this.flows = List.of(
                new FaultFlow(
                        Fault.Direction.TO_TARGET,
                        client,
                        target,
                        this::reset,
                        count -> received.accept(Fault.Direction.TO_TARGET, count)),
                new FaultFlow(
                        Fault.Direction.TO_CLIENT,
                        target,
                        client,
                        this::reset,
                        count -> received.accept(Fault.Direction.TO_CLIENT, count)));
    }

    /** Replaces the faults. A fault that is due immediately is applied in another thread, because it may block. */
    void setFaults(List<Fault> faults) {
        for (FaultFlow flow : flows) {
            flow.setFaults(faults);
            // Before the connection is established there are no sockets to act on: the pumps apply due faults first.
            if (target.isConnected()) {
                start("fault", () -> {
                    try {
                        flow.applyIfDue();
                    } catch (IOException e) {
                        close();
                    }
                });
            }
        }
    }

    /** Passes bytes in both directions until both have ended. */
    void run(InetSocketAddress to) throws InterruptedException {
        try {
            client.setTcpNoDelay(true);
            target.setTcpNoDelay(true);
            target.connect(to, 10_000);
            List<Thread> pumps =
                    flows.stream().map(flow -> start("pump", () -> pump(flow))).toList();
            for (Thread pump : pumps) {
                pump.join();
            }
        } catch (IOException e) {
            reset(); // the client sees the failure of the target
        } finally {
            close();
        }
    }

    private void pump(FaultFlow flow) throws InterruptedException {
        try {
            flow.applyIfDue();
            flow.pump();
        } catch (IOException e) {
            reset();
        }
    }

    private interface Work {
        void run() throws InterruptedException;
    }

    private Thread start(String what, Work work) {
        Thread thread = Thread.ofVirtual().name("atex-fault-proxy-" + what).unstarted(() -> {
            try {
                work.run();
            } catch (InterruptedException e) {
                close(); // the proxy is closing
            } finally {
                threads.remove(Thread.currentThread());
            }
        });
        threads.add(thread);
        thread.start();
        return thread;
    }

    /** Closes both sockets with a TCP reset. Linger time 0 makes {@code close()} send RST instead of FIN. */
    private void reset() {
        for (Socket socket : List.of(client, target)) {
            try {
                socket.setSoLinger(true, 0);
            } catch (IOException e) {
                // the socket is closed already
            }
        }
        close();
    }

    /** Closes both sockets and interrupts all threads but the caller. Idempotent. */
    void close() {
        for (Socket socket : List.of(client, target)) {
            try {
                socket.close();
            } catch (IOException e) {
                // the descriptor is released even if close() fails
            }
        }
        // Threads in a stall or a pause of a slow flow wait for a condition, which a closed socket does not end.
        Thread me = Thread.currentThread();
        threads.stream().filter(thread -> !thread.equals(me)).forEach(Thread::interrupt);
    }
}

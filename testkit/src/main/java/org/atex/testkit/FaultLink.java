package org.atex.testkit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ObjLongConsumer;

/** One connection through a {@link FaultProxy}. */
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

    /** Changes what happens; what is due at once is done beside the caller, as it may block. */
    void become(List<Fault> faults) {
        for (FaultFlow flow : flows) {
            flow.become(faults);
            if (target.isConnected()) {
                start("fault", () -> {
                    try {
                        flow.strikeIfDue();
                    } catch (IOException e) {
                        close();
                    }
                });
            }
        }
    }

    /** Passes bytes both ways until both have ended. */
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
            reset(); // as if the target itself had been asked
        } finally {
            close();
        }
    }

    private void pump(FaultFlow flow) throws InterruptedException {
        try {
            flow.strikeIfDue();
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
                close(); // the proxy is closed
            } finally {
                threads.remove(Thread.currentThread());
            }
        });
        threads.add(thread);
        thread.start();
        return thread;
    }

    /** Both ends see a reset, not an end. */
    private void reset() {
        for (Socket socket : List.of(client, target)) {
            try {
                socket.setSoLinger(true, 0);
            } catch (IOException e) {
                // closed already
            }
        }
        close();
    }

    /** Ends it; idempotent. */
    void close() {
        for (Socket socket : List.of(client, target)) {
            try {
                socket.close();
            } catch (IOException e) {
                // nothing of it is left all the same
            }
        }
        Thread me = Thread.currentThread();
        threads.stream().filter(thread -> !thread.equals(me)).forEach(Thread::interrupt);
    }
}

package org.atex.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.atex.api.Command;
import org.atex.ssh.SshConnection;

/** Measures commands over open connections, compared to OpenSSH's client with ControlMaster. */
final class SshCommands implements Scenario {
    private static final Command TRUE = Command.of("true");

    /**
     * The number of warm-up rounds; the last one counts. The JVM needs some thousand commands to reach its final
     * speed.
     */
    private static final int ROUNDS = 4;

    private final String name;
    private final int connections;
    private final int each;

    SshCommands(String name, int connections, int each) {
        this.name = name;
        this.connections = connections;
        this.each = each;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String about() {
        return each + " x exec true over each of " + connections + " ssh connections, against ssh with ControlMaster";
    }

    @Override
    public int samples() {
        return connections == 1 ? 3 : 1; // connecting takes longer than the measurement
    }

    private interface Work {
        void run(int connection) throws Exception;
    }

    @Override
    public Sample measure() throws Exception {
        try (SshServer server = new SshServer()) {
            List<SshConnection> ours = new ArrayList<>();
            try {
                for (int i = 0; i < connections; i++) {
                    ours.add(server.connect());
                    SshServer.run(server.client(i, "true"));
                }
                // Without exec, the shell's builtin would start no process.
                double bare = seconds(i -> SshServer.run(server.client(i, "exec", "true")));
                double seconds = 0;
                for (int k = 0; k < ROUNDS; k++) {
                    seconds = seconds(i -> ours.get(i).run(TRUE).orThrow());
                }
                return new Sample(seconds, bare);
            } finally {
                ours.forEach(SshConnection::close);
            }
        }
    }

    /** {@return the median of one command for one connection, or the total time for several connections} */
    private double seconds(Work work) throws Exception {
        if (connections == 1) {
            double[] times = new double[each];
            for (int i = 0; i < each; i++) {
                times[i] = Runs.seconds(() -> {
                    work.run(0);
                    return null;
                });
            }
            Arrays.sort(times);
            return times[each / 2];
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(connections)) {
            return Runs.seconds(() -> {
                List<Future<?>> all = new ArrayList<>();
                for (int i = 0; i < connections; i++) {
                    int connection = i;
                    all.add(threads.submit(() -> {
                        for (int k = 0; k < each; k++) {
                            work.run(connection);
                        }
                        return null;
                    }));
                }
                for (Future<?> one : all) {
                    one.get();
                }
                return null;
            });
        }
    }

    @Override
    public String describe(Sample median) {
        return connections == 1
                ? String.format(
                        Locale.ROOT,
                        "%.2f ms a command, ssh with ControlMaster %.2f ms: %.1f x faster (goal: at least 2.5)",
                        median.seconds() * 1000,
                        median.baseline() * 1000,
                        1 / median.ratio())
                : String.format(
                        Locale.ROOT,
                        "%.0f commands a second, ssh with ControlMaster %.0f: %.1f x the rate (goal: at least 3)",
                        connections * each / median.seconds(),
                        connections * each / median.baseline(),
                        1 / median.ratio());
    }
}

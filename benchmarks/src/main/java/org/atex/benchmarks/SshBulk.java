package org.atex.benchmarks;

import java.io.InputStream;
import java.util.Locale;
import org.atex.api.Command;
import org.atex.api.RunningCommand;
import org.atex.ssh.SshConnection;

/** Measures a large output of one command, compared to OpenSSH's client. */
final class SshBulk implements Scenario {
    private static final int MEGABYTES = 256;

    @Override
    public String name() {
        return "ssh-bulk";
    }

    @Override
    public String about() {
        return "256 MiB from a command over ssh, against ssh HOST head -c";
    }

    @Override
    public int samples() {
        return 3;
    }

    private static void drain(SshConnection connection) throws Exception {
        long left = (long) MEGABYTES << 20;
        try (RunningCommand command = connection.start(Command.of("head", "-c", Long.toString(left), "/dev/zero"))) {
            InputStream from = command.stdout();
            byte[] piece = new byte[64 * 1024];
            for (int n; (n = from.read(piece)) >= 0; ) {
                left -= n;
            }
        }
        if (left != 0) {
            throw new IllegalStateException(left + " bytes are missing");
        }
    }

    @Override
    public Sample measure() throws Exception {
        try (SshServer server = new SshServer();
                SshConnection connection = server.connect()) {
            SshServer.run(server.client(0, "true"));
            double bare = Runs.seconds(() -> {
                SshServer.run(server.client(0, "head -c " + MEGABYTES + "M /dev/zero"));
                return null;
            });
            return new Sample(
                    Runs.seconds(() -> {
                        drain(connection);
                        return null;
                    }),
                    bare);
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.0f MiB/s, ssh %.0f MiB/s: %.2f of it (goal: at least 0.5)",
                MEGABYTES / median.seconds(),
                MEGABYTES / median.baseline(),
                1 / median.ratio());
    }
}

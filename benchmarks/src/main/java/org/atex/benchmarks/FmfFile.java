package org.atex.benchmarks;

import java.util.List;
import java.util.Locale;
import org.atex.api.Command;
import org.atex.api.Output;
import org.atex.api.RunningCommand;

/** Measures one large file from an fmf test. */
final class FmfFile implements Scenario {
    private final String name;
    private final boolean ssh;
    private final int megabytes;

    FmfFile(String name, boolean ssh, int megabytes) {
        this.name = name;
        this.ssh = ssh;
        this.megabytes = megabytes;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String about() {
        return megabytes + " MiB from an fmf test, against "
                + (ssh ? "a plain command on the same ssh connection" : "head | cat > file");
    }

    @Override
    public int samples() {
        return 3;
    }

    @Override
    public Sample measure() throws Exception {
        long bytes = (long) megabytes << 20;
        try (FmfSystem system = new FmfSystem(ssh)) {
            double bare = Runs.seconds(() -> ssh ? plain(system, bytes) : piped(system, bytes));
            Runs.delete(system.directory.resolve("bare"));
            return new Sample(system.seconds(script(bytes)), bare);
        }
    }

    static String script(long bytes) {
        return "json='{\"files\":[{\"name\":\"f\",\"length\":" + bytes + "}]}'\n"
                + "printf 'result %d\\n%s' \"${#json}\" \"$json\" >&$ATEX_TEST_CONTROL\n"
                + "head -c " + bytes + " /dev/zero >&$ATEX_TEST_CONTROL\n";
    }

    private static Object plain(FmfSystem system, long bytes) throws Exception {
        Command head = Command.of("head", "-c", Long.toString(bytes), "/dev/zero")
                .withStdout(Output.file(system.directory.resolve("bare")));
        try (RunningCommand running = system.connection.start(head)) {
            return running.await();
        }
    }

    private static Object piped(FmfSystem system, long bytes) throws Exception {
        String line = "head -c " + bytes + " /dev/zero | cat >" + system.directory.resolve("bare");
        SshServer.run(List.of("bash", "-c", line));
        return line;
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.0f MiB/s, baseline %.0f MiB/s: %.2f of it (goal: at least 0.8)",
                megabytes / median.seconds(),
                megabytes / median.baseline(),
                1 / median.ratio());
    }
}

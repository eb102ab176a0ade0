package org.atex.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.atex.ssh.SshConnection;

/** Measures sending a tree of small files to a host, compared to tar with OpenSSH's client. */
final class SshTree implements Scenario {
    private static final int DIRECTORIES = 100;
    private static final int FILES = 100;

    @Override
    public String name() {
        return "ssh-tree";
    }

    @Override
    public String about() {
        return "10,000 small files to a host over ssh, against tar | ssh tar";
    }

    @Override
    public int samples() {
        return 3;
    }

    private static Path tree() throws Exception {
        Path tree = Files.createTempDirectory("atex-tree-");
        for (int i = 0; i < DIRECTORIES; i++) {
            Path directory = Files.createDirectory(tree.resolve("d" + i));
            for (int k = 0; k < FILES; k++) {
                Files.writeString(directory.resolve("f" + k), "file " + i + " " + k + "\n".repeat(200));
            }
        }
        return tree;
    }

    @Override
    public Sample measure() throws Exception {
        Path tree = tree();
        Path there = Files.createTempDirectory("atex-there-");
        try (SshServer server = new SshServer();
                SshConnection connection = server.connect()) {
            SshServer.run(server.client(0, "true"));
            String ssh =
                    String.join(" ", server.client(0, "'mkdir -p " + there + "/a && tar -xf - -C " + there + "/a'"));
            double bare = Runs.seconds(() -> {
                SshServer.run(List.of("sh", "-c", "tar -cf - -C " + tree + " . | " + ssh));
                return null;
            });
            return new Sample(
                    Runs.seconds(() -> {
                        connection.upload(tree, there + "/b");
                        return null;
                    }),
                    bare);
        } finally {
            Runs.delete(tree);
            Runs.delete(there);
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.2f s, tar | ssh tar %.2f s, ratio %.2f (goal: at most 1)",
                median.seconds(),
                median.baseline(),
                median.ratio());
    }
}

package org.atex.fmf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.artifacts.ResultReader;
import org.atex.lab.OpenSsh;
import org.atex.lab.SshSystem;
import org.atex.ssh.HostKeys;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshOptions;

/** A tree of tests in a directory of its own, with methods to run them. */
final class Suite {
    private final Path directory;
    private int count;

    Suite(Path directory) throws IOException {
        this.directory = directory;
        Files.createDirectories(tree().resolve(".fmf"));
        Files.writeString(tree().resolve(".fmf/version"), "1\n");
    }

    /** {@return the end of a test with an exit code other than 0} */
    static TestEnd failed(int code) {
        return new TestEnd(Outcome.FAILED, code, "exit code " + code, true);
    }

    Path tree() {
        return directory.resolve("tree");
    }

    /** Writes the metadata of the tree. {@return its tests} */
    FmfTests tests(String metadata) throws IOException, InterruptedException {
        Files.writeString(tree().resolve("main.fmf"), metadata);
        return FmfTests.from(tree()).discover();
    }

    /** Writes a tree with one test, which runs a script. {@return the test} */
    FmfTests test(String script) throws IOException, InterruptedException {
        return tests("duration: 60s\ntest: |\n" + script.indent(4));
    }

    Artifacts artifacts() throws IOException {
        return Artifacts.at(Files.createDirectory(directory.resolve("artifacts" + ++count)));
    }

    /** The end and the artifacts of a test. */
    record Ran(TestEnd end, Artifacts artifacts) {
        List<String> results() throws IOException {
            List<String> lines = new ArrayList<>();
            try (ResultReader reader = ResultReader.of(artifacts)) {
                for (var result = reader.next(); result != null; result = reader.next()) {
                    lines.add(result.status() + " " + result.name() + " " + result.note());
                }
            }
            return lines;
        }

        String file(String name) throws IOException {
            return Files.readString(artifacts.files().resolve(name));
        }

        String output() throws IOException {
            return file("output.txt");
        }
    }

    Ran run(Connection connection, FmfTests tests, FmfOptions options) throws IOException, InterruptedException {
        try (Executor executor = FmfExecutor.factory(tests, options).open(connection)) {
            Artifacts artifacts = artifacts();
            return new Ran(executor.run(tests.get(0), artifacts), artifacts);
        }
    }

    Ran run(Connection connection, String script) throws IOException, InterruptedException {
        return run(connection, test(script), FmfOptions.defaults());
    }

    static SshConnection connect(SshSystem system) throws InterruptedException {
        return connect(system.destination(), system.key(), system.knownHosts());
    }

    /** Creates an ordinary user without sudo on a system. {@return a connection as this user} */
    static SshConnection connectAsUser(SshSystem system) throws IOException, InterruptedException {
        system.container().exec("sh", "-c", """
                set -e
                useradd -m -s /bin/bash tester
                install -d -o tester -m 700 ~tester/.ssh
                install -o tester -m 600 ~root/.ssh/authorized_keys ~tester/.ssh
                """);
        return connect("tester@" + system.address(), system.key(), system.knownHosts());
    }

    static SshConnection connect(OpenSsh server) throws InterruptedException {
        Path directory = server.directory();
        return connect(server.destination(), directory.resolve("id"), directory.resolve("known_hosts"));
    }

    static SshConnection connect(String destination, Path key, Path knownHosts) throws InterruptedException {
        return SshConnection.open(
                destination,
                SshOptions.defaults()
                        .withoutConfig()
                        .withoutAgent()
                        .withKey(key)
                        .withHostKeys(HostKeys.knownHosts(knownHosts)));
    }
}

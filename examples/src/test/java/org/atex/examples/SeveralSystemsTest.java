package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.Command;
import org.atex.api.Executor;
import org.atex.api.MultihostTest;
import org.atex.api.Outcome;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestSummary;
import org.atex.api.Verdict;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfTest;
import org.atex.fmf.FmfTests;
import org.atex.jsonl.JsonLinesAggregator;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.lab.SshSystem;
import org.atex.podman.PodmanProvisioner;
import org.atex.podman.PullPolicy;
import org.atex.ssh.Host;
import org.atex.ssh.HostKeys;
import org.atex.ssh.Hosts;
import org.atex.ssh.SshOptions;
import org.atex.ssh.SshProvisioner;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs a server and its clients at once on real systems, which find each other by tmt's topology. */
@Timeout(300)
@ExtendWith(LeakCheck.class)
class SeveralSystemsTest {
    private static final String TESTS = """
            /server:
                test: |
                    perl -MIO::Socket::INET -e '
                        my $server = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;
                        for (1..2) { my $client = $server->accept; print $client "hello\\n"; close $client }'
            /client:
                test: |
                    . "$TMT_TOPOLOGY_BASH"
                    echo "I am ${TMT_GUEST[name]}, a ${TMT_GUEST[role]}; the clients are ${TMT_ROLES[client]}"
                    server=${TMT_GUESTS[server.hostname]}
                    [ "$server" = "$ATEX_HOSTS_SERVER" ]
                    grep -q "hostname: '$server'" "$TMT_TOPOLOGY_YAML"
                    for i in {1..100}; do
                        { exec 3<>/dev/tcp/$server/8080; } 2>/dev/null && break
                        sleep 0.1
                    done
                    read -r line <&3
                    [ "$line" = hello ]
            /waits:
                test: sleep 1000
            /meets:
                test: |
                    . "$TMT_TOPOLOGY_BASH"
                    for i in {1..20}; do atex-barrier "round-$i"; done
                    for i in {1..20}; do atex-barrier again; done
                    if [ "${TMT_GUEST[role]}" = server ]; then
                        atex-send port number=8080 name=web
                        atex-wait thanks && atex-wait thanks
                    else
                        [ "$(atex-wait port | sort)" = "$(printf 'name=web\\nnumber=8080')" ]
                        atex-send thanks from="$ATEX_GUEST"
                        atex-barrier clients 2
                    fi
            /syncs:
                test: |
                    case $ATEX_GUEST in
                        server)
                            rstrnt-sync-set -s SERVER_READY
                            rhts-sync-block -s CLIENT_DONE -s CLIENT_FAILED "$ATEX_HOSTS_CLIENT"
                            rstrnt-sync-block --any -s CLIENT_DONE $ATEX_HOSTS_CLIENT server --timeout 60
                            rstrnt-sync-set OVER
                            ;;
                        client-1)
                            rhts_sync_block --retry 1 -t 5 -s SERVER_READY "$ATEX_HOSTS_SERVER"
                            ! rstrnt-sync-block --timeout=1 -s NEVER server 2>why
                            grep "not within 1 s: NEVER server" why
                            ! rstrnt-sync-block -s X elsewhere 2>why
                            grep "'elsewhere' is no system of the test: give the name or the address of one of server" why
                            ! rstrnt-sync-block -s X 2>why
                            rhts-sync-set --state=CLIENT_DONE -m unused
                            rstrnt-sync-block -s OVER server
                            ;;
                        client-2)
                            rstrnt-sync-set -s CLIENT_FAILED
                            ! rstrnt-sync-block -s NEVER server 2>why
                            grep "the state NEVER cannot be set any more: server has ended: " why
                            ;;
                    esac
            /ordered:
                test: |
                    case $ATEX_GUEST in
                        server) atex-checkpoint listen; date +%s%N; atex-checkpoint accept; date +%s%N ;;
                        client-1) atex-checkpoint connect; date +%s%N ;;
                        client-2) atex-checkpoint unknown; ! atex-checkpoint a b 2>why; atex-checkpoint connect; date +%s%N ;;
                    esac
            /late:
                test: atex-barrier never
            /dies:
                test: sleep 1; kill -9 $$
            /lonely:
                test: |
                    ! atex-barrier alone 2>why
                    grep "does not run on several systems" why
            /alone:
                test: . "$TMT_TOPOLOGY_BASH"; [ "${TMT_GUEST_NAMES}" = default-0 ]
            """;

    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    private FmfTests tests() throws Exception {
        return FmfTests.from(SmallTree.of(directory, TESTS)).discover();
    }

    private static FmfTest find(FmfTests tests, String name) {
        return tests.stream()
                .filter(test -> test.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private AdHocOrchestrator.Builder run(
            List<? extends TestCase> tests, Provisioner systems, Executor.Factory executors, JsonLinesAggregator into) {
        return AdHocOrchestrator.builder(tests).on(systems).with(executors).into(into);
    }

    private JsonLinesAggregator results() throws IOException {
        return JsonLinesAggregator.open(directory.resolve("results.jsonl"), directory.resolve("files"));
    }

    private PodmanProvisioner containers() throws InterruptedException {
        return PodmanProvisioner.builder(LabImage.PLAIN.reference())
                .pull(PullPolicy.NEVER)
                .maxSystems(3)
                .build();
    }

    private SshProvisioner hosts() throws Exception {
        List<SshSystem> systems =
                List.of(lab.ssh(LabImage.SYSTEMD), lab.ssh(LabImage.SYSTEMD), lab.ssh(LabImage.SYSTEMD));
        StringBuilder known = new StringBuilder();
        for (SshSystem system : systems) {
            known.append(Files.readString(system.knownHosts()));
        }
        SshOptions options = SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withKey(systems.getFirst().key())
                .withHostKeys(HostKeys.knownHosts(Files.writeString(directory.resolve("known_hosts"), known)));
        List<Host> hosts =
                systems.stream().map(SshSystem::destination).map(Host::of).toList();
        return SshProvisioner.builder(Hosts.of(hosts), options).build();
    }

    private void serverAndClientsMeet(Provisioner systems) throws Exception {
        FmfTests tests = tests();
        TestCase web = MultihostTest.named("/web")
                .withRole("server", find(tests, "/server"))
                .withRole("client", 2, find(tests, "/client"));
        RunSummary summary;
        try (systems;
                var results = results();
                var run = run(List.of(find(tests, "/alone"), web), systems, FmfExecutor.factory(tests), results)
                        .build()) {
            summary = run.run();
        }

        assertThat(summary.tests()).extracting(test -> test.end().outcome()).containsOnly(Outcome.PASSED);
        assertThat(summary.problems()).isEmpty();
        List<String> lines = Files.readAllLines(directory.resolve("results.jsonl"));
        for (String guest : List.of("server", "client-1", "client-2")) {
            assertThat(lines)
                    .anySatisfy(
                            line -> assertThat(line).contains("\"pass\"", "\"/web\"", "\"" + guest + "\"", "\"on "));
        }
        assertThat(directory.resolve("files/default/web/client-2/output.txt"))
                .hasContent("I am client-2, a client; the clients are client-1 client-2\n");
    }

    @Test
    void inContainers() throws Exception {
        serverAndClientsMeet(containers());
    }

    @Test
    void onSshHosts() throws Exception {
        serverAndClientsMeet(hosts());
    }

    @Test
    void lossOfOneEndsTheOthersAndNamesIt() throws Exception {
        FmfTests tests = tests();
        TestCase web = MultihostTest.named("/web")
                .withRole("server", find(tests, "/waits"))
                .withRole("client", 2, find(tests, "/waits"));
        AtomicReference<Remote> server = new AtomicReference<>();
        CountDownLatch running = new CountDownLatch(1);
        Executor.Factory fmf = FmfExecutor.factory(tests);
        try (var systems = containers();
                var results = results();
                var run = run(
                                List.of(web),
                                systems,
                                remote -> {
                                    server.set(remote);
                                    return fmf.open(remote);
                                },
                                results)
                        .listener(event -> {
                            if (event instanceof RunEvent.TestStarted) {
                                running.countDown();
                            }
                        })
                        .build()) {
            CompletableFuture<RunSummary> summary = new CompletableFuture<>();
            Thread.startVirtualThread(() -> {
                try {
                    summary.complete(run.run());
                } catch (Throwable e) {
                    summary.completeExceptionally(e);
                }
            });
            running.await();
            Command kill = Command.of(
                    "podman", "kill", Objects.requireNonNull(server.get()).name());
            new ProcessBuilder(kill.arguments()).start().waitFor();

            TestSummary test = summary.get().tests().getFirst();
            assertThat(test.end().outcome()).isEqualTo(Outcome.LOST);
            assertThat(test.end().note()).containsPattern("^(server|client-[12]): ");
        }
        assertThat(Files.readAllLines(directory.resolve("results.jsonl")))
                .filteredOn(line -> line.matches(".*cancelled: (server|client-[12]): .* \\(on .*"))
                .as("the two others were cancelled, with the reason")
                .hasSize(2);
    }

    private void allMeet(Provisioner systems) throws Exception {
        FmfTests tests = tests();
        TestCase meeting = MultihostTest.named("/meeting")
                .withRole("server", find(tests, "/meets"))
                .withRole("client", 2, find(tests, "/meets"));
        try (systems;
                var results = results();
                var run = run(List.of(find(tests, "/lonely"), meeting), systems, FmfExecutor.factory(tests), results)
                        .build()) {
            assertThat(run.run().tests())
                    .allSatisfy(test -> assertThat(test.end().outcome())
                            .as("%s: %s", test.test(), test.end().note())
                            .isEqualTo(Outcome.PASSED));
        }
    }

    @Test
    void partsMeetInContainers() throws Exception {
        allMeet(containers());
    }

    @Test
    void partsMeetOnSshHosts() throws Exception {
        allMeet(hosts());
    }

    @Test
    void partsSynchronizeByStatesOfRestraint() throws Exception {
        FmfTests tests = tests();
        TestCase meeting = MultihostTest.named("/meeting")
                .withRole("server", find(tests, "/syncs"))
                .withRole("client", 2, find(tests, "/syncs"));
        try (var systems = containers();
                var results = results();
                var run = run(List.of(meeting), systems, FmfExecutor.factory(tests), results)
                        .build()) {
            TestSummary test = run.run().tests().getFirst();
            assertThat(test.end().outcome()).as(test.end().note()).isEqualTo(Outcome.PASSED);
        }
    }

    @Test
    void partsPassCheckpointsInTheirOrder() throws Exception {
        FmfTests tests = tests();
        TestCase race = MultihostTest.named("/race")
                .withRole("server", find(tests, "/ordered"))
                .withRole("client", 2, find(tests, "/ordered"))
                .withOrder("client-2:connect", "server:listen", "client-1:connect", "server:accept");
        try (var systems = containers();
                var results = results();
                var run = run(List.of(race), systems, FmfExecutor.factory(tests), results)
                        .build()) {
            TestSummary test = run.run().tests().getFirst();
            assertThat(test.end().outcome()).as(test.end().note()).isEqualTo(Outcome.PASSED);
        }
        Path files = directory.resolve("files/default/race");
        List<String> times = new ArrayList<>(Files.readAllLines(files.resolve("client-2/output.txt")));
        List<String> server = Files.readAllLines(files.resolve("server/output.txt"));
        times.add(server.get(0));
        times.addAll(Files.readAllLines(files.resolve("client-1/output.txt")));
        times.add(server.get(1));
        assertThat(times).as("the times of checkpoints in the order").hasSize(4).isSorted();
    }

    @Test
    void deathOfOneEndsTheWaitOfTheOthersAtOnce() throws Exception {
        FmfTests tests = tests();
        TestCase meeting = MultihostTest.named("/meeting")
                .withOneFailureEndsAll(false)
                .withRole("server", find(tests, "/dies"))
                .withRole("client", 2, find(tests, "/late"));
        try (var systems = containers();
                var results = results();
                var run = run(List.of(meeting), systems, FmfExecutor.factory(tests), results)
                        .build()) {
            TestSummary test = run.run().tests().getFirst();
            assertThat(test.end().outcome().verdict()).isEqualTo(Verdict.FAILED);
        }
        assertThat(directory.resolve("files/default/meeting/client-1/output.txt"))
                .content()
                .contains("atex-barrier: the barrier never needs 3 systems: server has ended: ");
    }

    @Test
    void commandsReceiveTheAddresses() throws Exception {
        Command show = Command.bash("echo $ATEX_GUEST is a $ATEX_ROLE; echo $ATEX_HOSTS_NODE | wc -w");
        TestCase test = MultihostTest.named("/nodes").withRole("node", 3, CommandTest.of("node", show));
        try (var systems = containers();
                var results = results();
                var run = run(List.of(test), systems, CommandExecutor.factory(), results)
                        .build()) {
            assertThat(run.run().exitCode()).isZero();
        }
        assertThat(directory.resolve("files/default/nodes/node-3/output.txt")).hasContent("node-3 is a node\n3\n");
    }

    @Test
    void stopEndsAllMembers() throws Exception {
        TestCase test =
                MultihostTest.named("/nodes").withRole("node", 3, CommandTest.of("node", Command.of("sleep", "1000")));
        List<AdHocOrchestrator> runs = new ArrayList<>();
        try (var systems = containers();
                var results = results();
                var run = run(List.of(test), systems, CommandExecutor.factory(), results)
                        .listener(event -> {
                            if (event instanceof RunEvent.TestStarted) {
                                runs.getFirst().stop(Stop.CANCEL, "enough");
                            }
                        })
                        .build()) {
            runs.add(run);
            RunSummary summary = run.run();
            assertThat(summary.tests().getFirst().end().outcome()).isEqualTo(Outcome.CANCELLED);
        }
    }
}

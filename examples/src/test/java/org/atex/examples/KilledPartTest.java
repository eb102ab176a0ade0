package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.Artifacts;
import org.atex.api.AtexException;
import org.atex.api.Command;
import org.atex.api.Executor;
import org.atex.api.MultihostTest;
import org.atex.api.Outcome;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.atex.api.Rendezvous;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestInvocation;
import org.atex.api.TestSummary;
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

/**
 * Kills one part of a test on three systems at each point of its conversation with the others, in several ways. The
 * others must end soon, with a cause that names the dead part.
 */
@Timeout(600)
@ExtendWith(LeakCheck.class)
class KilledPartTest {
    /** Where the victim is when it is killed. */
    private enum Point {
        BEFORE_BARRIER,
        AT_BARRIER,
        BETWEEN_SEND_AND_WAIT,
        WAITING_FOR_MESSAGE,
        AT_END
    }

    /** What is killed. */
    private enum Loss {
        /** The process of the test. */
        TEST,
        /** The process that runs the test on the system. */
        WRAPPER,
        /** The system. */
        SYSTEM
    }

    /** One test of the run. */
    private record Scenario(Point point, Loss loss, String victim, boolean endsAll) {
        String name() {
            return "/" + loss + "/" + point + (endsAll ? "" : "/others-go-on");
        }

        /** The test of each role: its environment selects what it does. */
        TestCase test(FmfTest part) {
            TestCase here =
                    TestInvocation.of(part).withVariable("POINT", point.name()).withVariable("VICTIM", victim);
            return MultihostTest.named(name())
                    .withOneFailureEndsAll(endsAll)
                    .withRole("server", here)
                    .withRole("client", 2, here);
        }

        /** Whether the victim is at its point if it calls this. */
        boolean isAt(String call) {
            return call.equals(
                    switch (point) {
                        case AT_BARRIER -> "barrier start";
                        case WAITING_FOR_MESSAGE -> "receive thanks";
                        default -> "send at-" + point;
                    });
        }
    }

    private static final List<String> GUESTS = List.of("server", "client-1", "client-2");

    private static final String TESTS = """
            /part:
                test: |
                    at() {
                        [[ $ATEX_GUEST == "$VICTIM" && $POINT == "$1" ]] || return 0
                        atex-send "at-$1"
                        sleep 1000
                    }
                    atex-send started test=$$ wrapper=$PPID
                    [[ $POINT == AT_BARRIER && $ATEX_GUEST == client-2 ]] && atex-wait never
                    at BEFORE_BARRIER
                    atex-barrier start
                    if [[ $ATEX_GUEST == "$VICTIM" ]]; then
                        atex-send port number=8080
                        at BETWEEN_SEND_AND_WAIT
                        atex-wait thanks
                    else
                        atex-wait port
                        [[ $POINT == WAITING_FOR_MESSAGE ]] || atex-send thanks
                    fi
                    atex-barrier end
                    at AT_END
                    atex-barrier after-the-end
            """;

    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    /** Kills the victims of a run. Thread-safe. */
    private static final class Killer {
        /** Loses a system. */
        interface Disaster {
            void strike(Remote system) throws Exception;
        }

        private final Map<String, Scenario> scenarios = new LinkedHashMap<>();
        private final Disaster disaster;
        final Map<String, Instant> killed = new ConcurrentHashMap<>();
        final List<CompletableFuture<Void>> kills = new ArrayList<>();
        /** Processes that survived their test. */
        final ConcurrentLinkedQueue<String> left = new ConcurrentLinkedQueue<>();

        Killer(List<Scenario> scenarios, Disaster disaster) {
            scenarios.forEach(scenario -> this.scenarios.put(scenario.name(), scenario));
            this.disaster = disaster;
        }

        Executor.Factory around(Executor.Factory factory) {
            return remote -> {
                Executor executor = factory.open(remote);
                return new Executor() {
                    @Override
                    public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                        return watched(executor, test, into, remote);
                    }

                    @Override
                    public void close() {
                        executor.close();
                    }
                };
            };
        }

        private TestEnd watched(Executor executor, TestCase test, Artifacts into, Remote remote)
                throws InterruptedException {
            TestInvocation invocation = TestInvocation.of(test);
            var topology = invocation.topology();
            var rendezvous = invocation.rendezvous();
            if (topology == null || rendezvous == null) {
                throw new IllegalArgumentException(test.name() + " does not run on several systems");
            }
            Scenario scenario = scenarios.get(topology.test());
            if (scenario == null) {
                throw new IllegalArgumentException(topology.test() + " is unknown");
            }
            Rendezvous observed =
                    topology.self().equals(scenario.victim()) ? new Observed(rendezvous, scenario, remote) : rendezvous;
            TestEnd end = executor.run(invocation.withRendezvous(observed), into);
            if (end.outcome() != Outcome.LOST) {
                rememberLeft(remote, scenario.name() + " on " + topology.self());
            }
            return end;
        }

        private void rememberLeft(Remote remote, String where) throws InterruptedException {
            try {
                String processes = remote.connection()
                        .run(Command.bash("grep -lzxE '1000|.*/atex-(barrier|wait)' /proc/[0-9]*/cmdline; true"))
                        .stdout();
                if (!processes.isBlank()) {
                    left.add(where + ": " + processes);
                }
            } catch (AtexException e) {
                left.add(where + ": " + e);
            }
        }

        /** Kills the victim when it is at its point. */
        private final class Observed implements Rendezvous {
            private final Rendezvous actual;
            private final Scenario scenario;
            private final Remote remote;
            private volatile Map<String, String> processes = Map.of();

            Observed(Rendezvous actual, Scenario scenario, Remote remote) {
                this.actual = actual;
                this.scenario = scenario;
                this.remote = remote;
            }

            @Override
            public CompletableFuture<Void> barrier(String guest, String name, int count) {
                CompletableFuture<Void> passed = actual.barrier(guest, name, count);
                called("barrier " + name);
                return passed;
            }

            @Override
            public void send(String guest, String name, Map<String, String> values) {
                if (name.equals("started")) {
                    processes = values;
                }
                actual.send(guest, name, values);
                called("send " + name);
            }

            @Override
            public CompletableFuture<Map<String, String>> receive(String guest, String name) {
                CompletableFuture<Map<String, String>> message = actual.receive(guest, name);
                called("receive " + name);
                return message;
            }

            @Override
            public void setState(String guest, String state) {
                actual.setState(guest, state);
            }

            @Override
            public CompletableFuture<Void> checkpoint(String guest, String name) {
                return actual.checkpoint(guest, name);
            }

            @Override
            public CompletableFuture<Void> awaitStates(
                    String guest, Set<String> states, Set<String> others, boolean any) {
                return actual.awaitStates(guest, states, others, any);
            }

            private void called(String call) {
                if (scenario.isAt(call)) {
                    CompletableFuture<Void> kill = new CompletableFuture<>();
                    synchronized (kills) {
                        kills.add(kill);
                    }
                    Thread.startVirtualThread(() -> {
                        try {
                            kill();
                            kill.complete(null);
                        } catch (Throwable e) {
                            kill.completeExceptionally(e);
                        }
                    });
                }
            }

            private void kill() throws Exception {
                killed.put(scenario.name(), Instant.now());
                if (scenario.loss() == Loss.SYSTEM) {
                    disaster.strike(remote);
                } else {
                    String process = processes.get(scenario.loss() == Loss.TEST ? "test" : "wrapper");
                    assertThat(remote.connection().run(Command.of("kill", "-KILL", String.valueOf(process))))
                            .matches(result -> result.succeeded());
                }
            }
        }
    }

    private static List<Scenario> scenarios(Loss... losses) {
        List<Scenario> scenarios = new ArrayList<>();
        for (Loss loss : losses) {
            for (Point point : Point.values()) {
                int number = loss.ordinal() + point.ordinal();
                // client-2 is late at the barrier, and must not be the victim there.
                scenarios.add(new Scenario(point, loss, GUESTS.get(number % 2), number % 2 == 0));
            }
        }
        return scenarios;
    }

    private void run(List<Scenario> scenarios, Provisioner systems, Killer.Disaster disaster) throws Exception {
        FmfTests tests = FmfTests.from(SmallTree.of(directory, TESTS)).discover();
        FmfTest part = tests.stream().findFirst().orElseThrow();
        List<TestCase> all =
                scenarios.stream().map(scenario -> scenario.test(part)).toList();
        Killer killer = new Killer(scenarios, disaster);
        Map<String, Instant> ended = new ConcurrentHashMap<>();
        RunSummary summary;
        try (systems;
                var results = JsonLinesAggregator.open(directory.resolve("results.jsonl"), directory.resolve("files"));
                var run = AdHocOrchestrator.builder(all)
                        .on(systems)
                        .with(killer.around(FmfExecutor.factory(tests)))
                        .into(results)
                        .workDirectory(directory.resolve("work"))
                        .listener(event -> {
                            if (event instanceof RunEvent.TestFinished finished) {
                                ended.put(finished.record().name(), event.at());
                            }
                        })
                        .build()) {
            summary = run.run();
        }
        assertThat(killer.kills).hasSize(scenarios.size()).allSatisfy(CompletableFuture::join);
        assertThat(killer.left).as("processes that survived their test").isEmpty();
        Map<String, TestSummary> byName = new LinkedHashMap<>();
        summary.tests().forEach(test -> byName.put(test.test().name(), test));
        List<String> lines = Files.readAllLines(directory.resolve("results.jsonl"));
        List<Duration> times = new ArrayList<>();
        for (Scenario scenario : scenarios) {
            TestSummary test = byName.get(scenario.name());
            assertThat(test).as(scenario.name()).isNotNull();
            check(scenario, test, lines);
            Instant at = killer.killed.get(scenario.name());
            times.add(Duration.between(at, ended.get(scenario.name())));
        }
        assertThat(summary.problems()).isEmpty();
        assertThat(times)
                .as("from the death of one to the end of all")
                .allSatisfy(time -> assertThat(time).isLessThan(Duration.ofSeconds(10)));
        assertThat(times.stream().sorted().toList().get(times.size() / 2))
                .as("usually, from the death of one to the end of all")
                .isLessThan(Duration.ofSeconds(2));
        try (Stream<Path> work = Files.list(directory.resolve("work"))) {
            assertThat(work).as("the work directory after the run").isEmpty();
        }
    }

    private void check(Scenario scenario, TestSummary test, List<String> lines) throws IOException {
        Outcome outcome = switch (scenario.loss()) {
            case TEST -> Outcome.FAILED;
            case WRAPPER -> Outcome.ERROR;
            case SYSTEM -> Outcome.LOST;
        };
        assertThat(test.end().outcome())
                .as("%s: %s", scenario, test.end().note())
                .isEqualTo(outcome);
        assertThat(test.end().note()).as("%s", scenario).startsWith(scenario.victim() + ": ");
        for (String guest : GUESTS) {
            List<String> parts = lines.stream()
                    .filter(line -> line.contains("\"" + scenario.name() + "\"") && line.contains("\"" + guest + "\""))
                    .toList();
            assertThat(parts).as("the part %s of %s", guest, scenario).hasSize(1);
            String part = parts.getFirst();
            if (guest.equals(scenario.victim())) {
                continue;
            }
            if (scenario.endsAll()) {
                assertThat(part).as("%s of %s", guest, scenario).contains("cancelled: " + scenario.victim() + ": ");
            } else {
                Path output = directory.resolve("files/default" + scenario.name() + "/" + guest + "/output.txt");
                assertThat(output)
                        .content()
                        .as("%s of %s", guest, scenario)
                        .contains(scenario.victim() + " has ended: ");
            }
        }
    }

    private static void podman(String... arguments) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("podman"));
        line.addAll(List.of(arguments));
        assertThat(new ProcessBuilder(line)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor())
                .as("%s", line)
                .isZero();
    }

    @Test
    void inContainers() throws Exception {
        PodmanProvisioner containers = PodmanProvisioner.builder(LabImage.PLAIN.reference())
                .pull(PullPolicy.NEVER)
                .runOptions("--network=none")
                .maxSystems(3)
                .build();
        run(scenarios(Loss.values()), containers, system -> podman("rm", "--force", "--time=0", system.name()));
    }

    @Test
    void onSshHosts() throws Exception {
        List<SshSystem> systems =
                List.of(lab.ssh(LabImage.SYSTEMD), lab.ssh(LabImage.SYSTEMD), lab.ssh(LabImage.SYSTEMD));
        StringBuilder known = new StringBuilder();
        Map<String, SshSystem> byAddress = new LinkedHashMap<>();
        for (SshSystem system : systems) {
            known.append(Files.readString(system.knownHosts()));
            byAddress.put(system.address(), system);
        }
        SshOptions options = SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withKey(systems.getFirst().key())
                .withHostKeys(HostKeys.knownHosts(Files.writeString(directory.resolve("known_hosts"), known)));
        List<Host> hosts =
                systems.stream().map(SshSystem::destination).map(Host::of).toList();
        run(
                scenarios(Loss.TEST, Loss.SYSTEM),
                SshProvisioner.builder(Hosts.of(hosts), options).build(),
                system -> byAddress.get(system.address()).container().exec("pkill", "-KILL", "-f", "^sshd: "));
        for (SshSystem system : systems) {
            assertThat(system.container().exec("bash", "-c", "pgrep -af '[1]000|[a]tex-' || true"))
                    .as("processes left on a host after its connection was lost")
                    .isEmpty();
        }
    }
}

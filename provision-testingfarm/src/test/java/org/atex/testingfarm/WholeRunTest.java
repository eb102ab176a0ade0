package org.atex.testingfarm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.adhoc.RerunPolicy;
import org.atex.api.Command;
import org.atex.api.Offer;
import org.atex.api.Outcome;
import org.atex.api.Remote;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.command.CommandExecutor;
import org.atex.lab.OpenSsh;
import org.atex.ssh.Host;
import org.atex.testingfarm.StandInRequest.Life;
import org.atex.testkit.FaultProxy;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs against the stand-in, on guests that are a real sshd, each behind a proxy of its own. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
class WholeRunTest {
    @TempDir
    private static Path serverDirectory;

    private static OpenSsh server;

    @TempDir
    private Path directory;

    private final Map<String, FaultProxy> guests = new ConcurrentHashMap<>();
    /** Where tests run; told by one thread, as is the number of those that have ended. */
    private final Map<String, String> running = new HashMap<>();

    private int ended;
    private FarmStandIn farm;
    private TestingFarmApi api;

    @BeforeAll
    static void start() throws Exception {
        server = OpenSsh.start(serverDirectory);
        FarmStandIn.warmUp();
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void open() throws IOException {
        farm = FarmStandIn.open().onReserved(WholeRunTest::letIn).onGone(request -> {
            FaultProxy guest = guests.remove(request.id + ".guest.example");
            if (guest != null) {
                guest.close();
            }
        });
        api = farm.api().build();
    }

    @AfterEach
    void close() {
        api.close();
        farm.close();
        guests.values().forEach(FaultProxy::close);
    }

    private static void letIn(StandInRequest request) {
        try {
            server.authorize(request.keys().getFirst());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The way to a guest, which ends when the guest does. */
    private Host reach(Host host) {
        FaultProxy proxy = guests.computeIfAbsent(host.address(), unused -> {
            try {
                return FaultProxy.to(server.address());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return Host.of(host.user() + "@127.0.0.1:" + proxy.address().getPort());
    }

    private TestingFarmProvisioner.Builder machines() {
        return TestingFarmProvisioner.builder(
                        api, Reservation.builder("Fedora-41").build())
                .sourceCidrs("192.0.2.1/32")
                .pollEvery(Duration.ofMillis(50))
                .hosts(this::reach);
    }

    @Test
    void twentyMachinesWithThreeThatFailAndOneThatDies() throws Exception {
        farm.lives(number -> number % 7 == 0 ? Life.usual().endsAs("error", 3, "no capacity") : Life.usual());
        List<TestCase> tests = new ArrayList<>();
        IntStream.range(0, 60).forEach(i -> tests.add(TestCase.named("/t" + i)));
        Path once = directory.resolve("once");
        // The first test that gets so far stays until its machine dies.
        String script = "mkdir " + once + " 2>/dev/null && exec sleep 600; sleep 0.1";
        try (RecordingAggregator results = RecordingAggregator.create();
                TestingFarmProvisioner provisioner = machines().maxSystems(20).build();
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(provisioner)
                        .with(CommandExecutor.factory(test -> Command.of("sh", "-c", script)))
                        .into(results)
                        .maxSystems(20)
                        .reruns(RerunPolicy.maxReruns(1))
                        .listener(this::killTheLast)
                        .workDirectory(directory.resolve("work"))
                        .build()) {
            RunSummary summary = run.run();

            assertThat(summary.verdict()).as(summary.toString()).isEqualTo(Verdict.PASSED);
            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 60));
            assertThat(results.records().stream().map(TestRecord::end).filter(end -> end.outcome() == Outcome.LOST))
                    .as("the test under which a machine died")
                    .hasSize(1);
        }
        assertThat(farm.alive()).as("machines at the end").isEmpty();
        assertThat(farm.reservedTwice()).isEmpty();
        assertThat(farm.requests()).hasSizeBetween(23, 26);
        assertThat(farm.requests().stream().filter(request -> request.state.equals("error")))
                .as("three that fail, and the one that dies")
                .hasSize(4);
    }

    /** When one test is left of all, the machine on which it runs dies. */
    private void killTheLast(RunEvent event) {
        if (event instanceof RunEvent.TestStarted started) {
            running.put(started.test().name(), started.system().name());
        } else if (event instanceof RunEvent.TestFinished finished) {
            running.remove(finished.record().name());
            if (++ended == 59) {
                String id = running.values().iterator().next();
                farm.becomes(id, "error");
                guests.remove(id + ".guest.example").close();
            }
        }
    }

    @Test
    void aKeyIsGeneratedAndNothingOfItIsLeft() throws Exception {
        try (TestingFarmProvisioner provisioner = machines().build()) {
            provisioner.provision(1);
            Offer offer = provisioner.take(Duration.ofSeconds(30));
            assertThat(offer).isInstanceOf(Offer.Ready.class);
            Remote remote = ((Offer.Ready) offer).remote();
            assertThat(remote.connection()
                            .run(Command.of("echo", "in"))
                            .orThrow()
                            .stdout())
                    .isEqualTo("in\n");
            assertThat(saidByHand(provisioner.sshCommand(remote) + " echo by hand"))
                    .isEqualTo("by hand\n");
        }
        assertThat(farm.requests().getFirst().keys())
                .singleElement()
                .asString()
                .startsWith("ssh-rsa ")
                .endsWith(" atex");
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            assertThat(files.filter(file -> file.getFileName().toString().startsWith("atex-farm-")))
                    .isEmpty();
        }
    }

    /** {@return what a line says when a person types it, who trusts no other host key than we do} */
    private String saidByHand(String line) throws Exception {
        Process process = new ProcessBuilder("sh", "-c", line + " </dev/null")
                .redirectError(directory.resolve("errors").toFile())
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue())
                .as(line + ": " + Files.readString(directory.resolve("errors")))
                .isZero();
        return said;
    }

    /** Reserves two machines in a program of its own, and waits there to be killed. */
    static final class Victim {
        private Victim() {}

        public static void main(String[] arguments) throws Exception {
            try (TestingFarmApi api = TestingFarmApi.builder(URI.create(arguments[0]))
                            .token(() -> FarmStandIn.TOKEN)
                            .build();
                    TestingFarmProvisioner provisioner = TestingFarmProvisioner.builder(
                                    api, Reservation.builder("Fedora-41").build())
                            .run(arguments[1])
                            .sourceCidrs("192.0.2.1/32")
                            .pollEvery(Duration.ofMillis(50))
                            .hosts(host -> Host.of(host.user() + "@127.0.0.1:" + arguments[2]))
                            .build()) {
                provisioner.provision(3);
                provisioner.take(Duration.ofMinutes(1));
                provisioner.take(Duration.ofMinutes(1));
                System.out.println("ready");
                Thread.sleep(Duration.ofMinutes(10));
            }
        }
    }

    private Process victim(String tag) throws Exception {
        farm.lives(number -> number <= 2 ? Life.usual() : Life.stuck("queued"));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Djava.io.tmpdir=" + directory,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Victim.class.getName(),
                        farm.uri().toString(),
                        tag,
                        String.valueOf(server.address().getPort()))
                .redirectError(directory.resolve("errors").toFile())
                .start();
        String line;
        do {
            line = process.inputReader().readLine();
            assertThat(line).as(Files.readString(directory.resolve("errors"))).isNotNull();
        } while (!line.equals("ready"));
        farm.await("the third is submitted", it -> it.alive().size() == 3);
        return process;
    }

    @Test
    void whatAKilledProgramLeavesIsFoundAndCancelled() throws Exception {
        victim("run-7").destroyForcibly().onExit().get(10, TimeUnit.SECONDS);
        api.submit(NewRequest.reserving(
                Reservation.builder("Fedora-42").build(),
                new NewRequest.Access(
                        List.of("ssh-rsa AAAA"),
                        List.of("192.0.2.1/32"),
                        Map.of(NewRequest.RUN_TAG, "run-8"),
                        Duration.ofHours(1))));
        assertThat(farm.alive())
                .as("those of the killed run, and one of another")
                .hasSize(4);

        LeftoverRequests leftovers =
                LeftoverRequests.of(api, "run-7").time(Clock.systemUTC(), Thread::sleep, Duration.ofMillis(20));
        assertThat(leftovers.list())
                .hasSize(3)
                .allMatch(request -> "run-7".equals(request.tags().get("AtexRun")));
        assertThat(leftovers.cancel(Duration.ofSeconds(10)))
                .as("those that are left")
                .isEmpty();

        assertThat(farm.alive()).hasSize(1);
        assertThat(leftovers.list()).isEmpty();
    }

    @Test
    void aProgramThatIsToldToEndGivesItsMachinesBack() throws Exception {
        Process process = victim("run-9");
        process.destroy();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();

        assertThat(farm.alive()).isEmpty();
        assertThat(farm.requests()).allMatch(request -> request.state.equals("canceled"));
    }
}

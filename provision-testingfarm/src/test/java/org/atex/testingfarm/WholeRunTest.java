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
import org.atex.testingfarm.FakeRequest.Script;
import org.atex.testkit.Call;
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

/**
 * Runs tests from end to end against the fake Testing Farm. All guests are one real sshd, each behind its own proxy.
 */
@ExtendWith(LeakCheck.class)
@Timeout(300)
class WholeRunTest {
    @TempDir
    private static Path serverDirectory;

    private static OpenSsh server;

    @TempDir
    private Path directory;

    private final Map<String, FaultProxy> guests = new ConcurrentHashMap<>();
    /** The system of each running test; written by the thread of the listener only, as is {@link #ended}. */
    private final Map<String, String> running = new HashMap<>();

    private int ended;
    private FakeTestingFarm farm;
    private TestingFarmApi api;

    @BeforeAll
    static void start() throws Exception {
        server = OpenSsh.start(serverDirectory);
        FakeTestingFarm.warmUp();
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void open() throws IOException {
        farm = FakeTestingFarm.open().onReserved(WholeRunTest::authorize).onGone(request -> {
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

    private static void authorize(FakeRequest request) {
        try {
            server.authorize(request.keys().getFirst());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the address of the proxy of a guest, which is closed when the guest's request is over} */
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
    void runPassesWithThreeFailedReservationsAndOneLostMachine() throws Exception {
        farm.scripts(
                number -> number % 7 == 0 ? Script.reserving().endAs("error", 3, "no capacity") : Script.reserving());
        List<TestCase> tests = new ArrayList<>();
        IntStream.range(0, 60).forEach(i -> tests.add(TestCase.named("/t" + i)));
        Path once = directory.resolve("once");
        // The first attempt sleeps until its machine is lost.
        String script = "mkdir " + once + " 2>/dev/null && exec sleep 600; sleep 0.1";
        try (RecordingAggregator results = RecordingAggregator.create();
                TestingFarmProvisioner provisioner = machines().maxSystems(20).build();
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(provisioner)
                        .with(CommandExecutor.factory(test -> Command.of("sh", "-c", script)))
                        .into(results)
                        .maxSystems(20)
                        .reruns(RerunPolicy.maxReruns(1))
                        .listener(this::endLastMachine)
                        .workDirectory(directory.resolve("work"))
                        .build()) {
            RunSummary summary = run.run();

            assertThat(summary.verdict()).as(summary.toString()).isEqualTo(Verdict.PASSED);
            assertThat(summary.counts()).isEqualTo(Map.of(Outcome.PASSED, 60));
            assertThat(results.records().stream().map(TestRecord::end).filter(end -> end.outcome() == Outcome.LOST))
                    .as("results of the test on the lost machine")
                    .hasSize(1);
        }
        assertThat(farm.alive()).as("requests that are not over at the end").isEmpty();
        assertThat(farm.reservedTwice()).isEmpty();
        assertThat(farm.requests()).hasSizeBetween(23, 26);
        assertThat(farm.requests().stream().filter(request -> request.state.equals("error")))
                .as("three failed reservations and the lost machine")
                .hasSize(4);
    }

    /** Ends the machine on which the last running test runs. */
    private void endLastMachine(RunEvent event) {
        if (event instanceof RunEvent.TestStarted started) {
            running.put(started.test().name(), started.system().name());
        } else if (event instanceof RunEvent.TestFinished finished) {
            running.remove(finished.record().name());
            if (++ended == 59) {
                String id = running.values().iterator().next();
                farm.setState(id, "error");
                guests.remove(id + ".guest.example").close();
            }
        }
    }

    @Test
    void generatedKeyIsDeletedAfterwards() throws Exception {
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
            assertThat(outputOf(String.join(" ", remote.connection().loginCommand()) + " echo by hand"))
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

    /** {@return the output of an ssh command line in a shell} */
    private String outputOf(String line) throws Exception {
        Process process = new ProcessBuilder("sh", "-c", line + " </dev/null")
                .redirectError(directory.resolve("errors").toFile())
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue())
                .as(line + ": " + Files.readString(directory.resolve("errors")))
                .isZero();
        return output;
    }

    /** Reserves two machines in a process of its own, and waits to be killed. */
    static final class ReservingProgram {
        private ReservingProgram() {}

        public static void main(String[] arguments) throws Exception {
            try (TestingFarmApi api = TestingFarmApi.builder(URI.create(arguments[0]))
                            .token(() -> FakeTestingFarm.TOKEN)
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

    private Process startProgram(String tag) throws Exception {
        farm.scripts(number -> number <= 2 ? Script.reserving() : Script.stuckIn("queued"));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Djava.io.tmpdir=" + directory,
                        "-cp",
                        System.getProperty("java.class.path"),
                        ReservingProgram.class.getName(),
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
        farm.await("the third request is submitted", it -> it.alive().size() == 3);
        return process;
    }

    @Test
    void requestsOfAKilledProcessAreFoundAndCancelled() throws Exception {
        startProgram("run-7").destroyForcibly().onExit().get(10, TimeUnit.SECONDS);
        api.submit(NewRequest.reserving(
                Reservation.builder("Fedora-42").build(),
                new NewRequest.Access(
                        List.of("ssh-rsa AAAA"),
                        List.of("192.0.2.1/32"),
                        Map.of(NewRequest.RUN_TAG, "run-8"),
                        Duration.ofHours(1))));
        assertThat(farm.alive())
                .as("requests of the killed run, and one of another run")
                .hasSize(4);

        LeftoverRequests leftovers =
                LeftoverRequests.of(api, "run-7").time(Clock.systemUTC(), Thread::sleep, Duration.ofMillis(20));
        assertThat(leftovers.list())
                .hasSize(3)
                .allMatch(request -> "run-7".equals(request.tags().get("AtexRun")));
        assertThat(leftovers.cancel(Call.SOON)).as("requests that are not over").isEmpty();

        assertThat(farm.alive()).hasSize(1);
        assertThat(leftovers.list()).isEmpty();
    }

    @Test
    void terminatedProcessCancelsItsRequests() throws Exception {
        Process process = startProgram("run-9");
        process.destroy();
        assertThat(process.waitFor(60, TimeUnit.SECONDS))
                .as("the process has ended")
                .isTrue();

        assertThat(farm.alive()).isEmpty();
        assertThat(farm.requests()).allMatch(request -> request.state.equals("canceled"));
    }
}

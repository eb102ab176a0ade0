package org.atex.testingfarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.assertj.core.util.Throwables;
import org.atex.api.Command;
import org.atex.api.ConnectionLostException;
import org.atex.api.Offer;
import org.atex.api.Remote;
import org.atex.api.RunningCommand;
import org.atex.lab.Logs;
import org.atex.ssh.Host;
import org.atex.ssh.SshRefusedException;
import org.atex.testingfarm.FakeRequest.Script;
import org.atex.testingfarm.FakeTestingFarm.Fault;
import org.atex.testingfarm.ReservationEvent.Phase;
import org.atex.testkit.Call;
import org.atex.testkit.FakeConnection;
import org.atex.testkit.FakeProgram;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.ManualClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the provisioner against the fake Testing Farm, with fake guests. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class TestingFarmProvisionerTest {
    private static final String ONE = "/v0.1/requests/.+";
    private static final String ALL = "/v0.1/requests";

    private final List<ReservationEvent> events = new CopyOnWriteArrayList<>();
    private final BlockingQueue<ReservationEvent> unread = new LinkedBlockingQueue<>();
    private final List<AutoCloseable> closing = new ArrayList<>();
    private final List<Host> hosts = new CopyOnWriteArrayList<>();

    /** Used by the tests that pass it to the builder. */
    private final ManualClock clock = ManualClock.at(Instant.parse("2026-11-21T10:00:00Z"));

    @TempDir
    private Path directory;

    private Path key;
    private FakeTestingFarm farm;
    private TestingFarmApi api;
    private Reservation reservation = Reservation.builder("Fedora-41").build();

    @BeforeAll
    static void warmUp() throws Exception {
        FakeTestingFarm.warmUp();
    }

    @BeforeEach
    void openFarm() throws IOException {
        key = Files.writeString(directory.resolve("id"), "private");
        Files.writeString(directory.resolve("id.pub"), "ssh-ed25519 AAAA jane@home.example");
        farm = FakeTestingFarm.open();
        api = farm.api().build();
    }

    @AfterEach
    void closeAll() throws Exception {
        // Closing waits for the service, and thus for the clock.
        Call<Boolean> ticking = Call.to(() -> {
            while (true) {
                clock.awaitSleepers(1);
                clock.advance(Duration.ofSeconds(33));
            }
        });
        for (AutoCloseable each : closing) {
            each.close();
        }
        ticking.interrupt();
        api.close();
        assertThat(farm.alive()).as("requests that are not over").isEmpty();
        farm.close();
    }

    private TestingFarmProvisioner open(UnaryOperator<TestingFarmProvisioner.Builder> change) {
        TestingFarmProvisioner provisioner = change.apply(TestingFarmProvisioner.builder(api, reservation)
                        .sourceCidrs("192.0.2.1/32")
                        .key(key)
                        .pollEvery(Duration.ofSeconds(10))
                        .time(Clock.systemUTC(), duration -> Thread.sleep(duration.dividedBy(1000)))
                        .listener(event -> {
                            events.add(event);
                            unread.add(event);
                        })
                        .connector((host, options) -> {
                            hosts.add(host);
                            return FakeConnection.running(FakeProgram.saying("atex-is-in\n", 0));
                        }))
                .build();
        closing.add(provisioner);
        return provisioner;
    }

    private TestingFarmProvisioner open() {
        return open(builder -> builder);
    }

    private static Remote ready(TestingFarmProvisioner provisioner) throws InterruptedException {
        Offer offer = provisioner.take(Call.SOON);
        assertThat(offer).isInstanceOf(Offer.Ready.class);
        return ((Offer.Ready) offer).remote();
    }

    private static String failure(TestingFarmProvisioner provisioner) throws InterruptedException {
        Offer offer = provisioner.take(Call.SOON);
        assertThat(offer).isInstanceOf(Offer.Failed.class);
        return ((Offer.Failed) offer).cause().getMessage();
    }

    private ReservationEvent await(Phase phase) throws InterruptedException {
        while (true) {
            ReservationEvent event = unread.poll(20, TimeUnit.SECONDS);
            assertThat(event).as("the event " + phase + " after " + events).isNotNull();
            if (event.phase() == phase) {
                return event;
            }
        }
    }

    private List<Phase> phases(String request) {
        return events.stream()
                .filter(event -> event.request().equals(request))
                .map(ReservationEvent::phase)
                .toList();
    }

    @Test
    void systemHasNameLabelsAndAddress() throws Exception {
        reservation = reservation.toBuilder().arch("aarch64").pool("metal").build();
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        Remote remote = ready(provisioner);

        String id = farm.requests().getFirst().id;
        assertThat(remote.name()).isEqualTo(id);
        assertThat(remote.labels())
                .isEqualTo(Map.of(
                        "compose",
                        "Fedora-41",
                        "arch",
                        "aarch64",
                        "throwaway",
                        "yes",
                        "reboot",
                        "yes",
                        "pool",
                        "metal",
                        "request",
                        id,
                        "host",
                        id + ".guest.example"));
        assertThat(remote.labels()).containsAllEntriesOf(provisioner.labels());
        assertThat(hosts.getFirst()).hasToString(System.getProperty("user.name") + "@" + id + ".guest.example");
    }

    @Test
    void eventsReportThePhasesInOrder() throws Exception {
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        Remote remote = ready(provisioner);
        remote.close();
        provisioner.close();

        assertThat(events)
                .extracting(ReservationEvent::phase)
                .containsExactly(
                        Phase.SUBMITTING,
                        Phase.SUBMITTED,
                        Phase.QUEUED,
                        Phase.RUNNING,
                        Phase.GUEST_READY,
                        Phase.RESERVED,
                        Phase.READY,
                        Phase.CANCELLING,
                        Phase.OVER);
        assertThat(events).allSatisfy(event -> assertThat(event.before()).isGreaterThanOrEqualTo(Duration.ZERO));
        assertThat(events.getFirst().detail()).isEqualTo("Fedora-41 x86_64");
        assertThat(events.getLast().detail()).isEqualTo("canceled");
    }

    @Test
    void failureOfListenerHasNoEffect() throws Exception {
        TestingFarmProvisioner provisioner = open(builder -> builder.listener(event -> {
            throw new IllegalStateException("listener failed");
        }));
        provisioner.provision(1);
        ready(provisioner);
    }

    @Test
    void requestWithLostResponseIsFoundByItsTag() throws Exception {
        farm.fault("POST", ALL, new Fault.LoseResponse());
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);

        assertThat(ready(provisioner).name()).isEqualTo(farm.requests().getFirst().id);
        assertThat(farm.requests()).hasSize(1);
        assertThat(farm.count("POST", ALL)).isOne();
    }

    @Test
    void submissionWithoutEffectIsRepeatedAfterASearch() throws Exception {
        farm.fault("POST", ALL, new Fault.Respond(502, "<html>Bad Gateway</html>"))
                .fault("GET", ALL, new Fault.Respond(503, "<html>try later</html>"));
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        ready(provisioner);

        assertThat(farm.requests()).hasSize(1);
        List<String> methods = farm.received().stream()
                .filter(http -> http.path().equals(ALL))
                .map(FakeTestingFarm.Received::method)
                .toList();
        assertThat(methods)
                .as("POST, searches, POST")
                .startsWith("POST", "GET", "GET")
                .contains("POST");
        assertThat(methods.lastIndexOf("POST")).isGreaterThan(3);
    }

    @Test
    void requestThatAppearsLateIsCancelledByClose() throws Exception {
        farm.fault("POST", ALL, new Fault.LoseAndDelay());
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        ready(provisioner);
        farm.applyDelayed();
        assertThat(farm.alive()).hasSize(2);

        provisioner.close();

        assertThat(farm.alive()).isEmpty();
    }

    @Test
    void failedReservationIsRepeated() throws Exception {
        farm.scripts(number -> number <= 2 ? Script.reserving().endAs("error", 3, "no capacity") : Script.reserving());
        try (Logs logs = new Logs()) {
            TestingFarmProvisioner provisioner = open(builder -> builder.maxFailedRequests(2));
            provisioner.provision(1);

            assertThat(ready(provisioner).name()).isEqualTo(farm.requests().getLast().id);
            assertThat(farm.requests()).hasSize(3);
            assertThat(logs.messages(Level.WARN)).hasSize(2).allMatch(message -> message.contains("no capacity"));
        }
    }

    @Test
    void failureMessageHasAllDetails() throws Exception {
        reservation = reservation.toBuilder().secrets(Map.of("PASS", "hunter2")).build();
        farm.scripts(number -> Script.reserving()
                .log("booting\n", "the password is hunter2\n\u001b[31mno route to host\u001b[0m\n")
                .note("dispatched with hunter2")
                .endAs("error", 5, "machine broke"));
        try (Logs logs = new Logs()) {
            TestingFarmProvisioner provisioner = open(builder -> builder.maxFailedRequests(0));
            provisioner.provision(1);

            String id = "00000001-0000-4000-8000-000000000000";
            assertThat(failure(provisioner))
                    .isEqualTo("could not reserve Fedora-41 x86_64 at " + farm.uri()
                            + ": it ended as error (request " + id + ", running for 0 s, 0 s in total)"
                            + "; the service says: machine broke; its notes: dispatched with (hidden)"
                            + "; last lines of its log:\n    booting\n    the password is (hidden)"
                            + "\n    no route to host\nartifacts: " + farm.uri() + "/artifacts/" + id);
            provisioner.close(); // waits until the request is over
            assertThat(logs.text()).doesNotContain("hunter2");
            assertThat(events.toString()).doesNotContain("hunter2");
        }
        // CANCELLING is entered by another thread than the one that notices the failure; it is left out if the request
        // is over first.
        assertThat(phases("00000001-0000-4000-8000-000000000000"))
                .filteredOn(phase -> phase != Phase.CANCELLING)
                .containsExactly(Phase.SUBMITTED, Phase.QUEUED, Phase.RUNNING, Phase.FAILED, Phase.OVER);
    }

    @Test
    void errorInTheLogEndsTheReservation() throws Exception {
        farm.scripts(number -> Script.reserving().log("preparing\n", "Result of testing: ERROR\n"));
        TestingFarmProvisioner provisioner = open(builder -> builder.maxFailedRequests(0));
        provisioner.provision(1);

        assertThat(failure(provisioner)).contains("its log says: Result of testing: ERROR");
    }

    @Test
    void cancellationByAnotherClientIsReported() throws Exception {
        farm.scripts(number -> Script.stuckIn("cancel-requested"));
        TestingFarmProvisioner provisioner = open(builder -> builder.maxFailedRequests(0));
        provisioner.provision(1);

        assertThat(failure(provisioner)).contains("it was cancelled by another client");
    }

    @Test
    void unknownComposeIsReportedWithSimilarOnes() throws Exception {
        reservation = Reservation.builder("fedora-4l").build();
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(3);

        String why = failure(provisioner);
        assertThat(why)
                .isEqualTo("could not reserve fedora-4l x86_64 at " + farm.uri()
                        + ", ranch public, with the token 'ci': Compose 'fedora-4l' does not exist; the composes of"
                        + " that ranch with the closest names: Fedora-41, Fedora-42, CentOS-Stream-9");
        Offer offer = provisioner.take(Call.SOON);
        while (offer instanceof Offer.Failed) {
            offer = provisioner.take(Duration.ofMillis(200));
        }
        assertThat(offer instanceof Offer.None || offer.equals(new Offer.Exhausted(why)))
                .as("nothing else is offered: %s", offer)
                .isTrue();
        assertThat(farm.count("POST", ALL)).as("submissions without retries").isLessThanOrEqualTo(3);
    }

    @Test
    void expiredTokenEndsPendingReservations() throws Exception {
        TestingFarmProvisioner provisioner = open();
        farm.fault("GET", ONE, new Fault.Respond(401, "{\"message\": \"Token has expired\"}"));
        provisioner.provision(1);

        assertThat(failure(provisioner)).contains("Token has expired", "renew the token");
    }

    @Test
    void refusedTokenIsReportedOnceAndUsedAgainByProvision() throws Exception {
        farm.fault("GET", ".*/whoami", new Fault.Respond(401, "{\"message\": \"Token has expired\"}"));
        TestingFarmProvisioner provisioner = open(builder -> builder.maxSystems(1));
        provisioner.provision(2);

        String why = failure(provisioner);
        assertThat(why).contains("could not reserve Fedora-41 x86_64", "Token has expired");
        assertThat(provisioner.take(Call.SOON)).isEqualTo(new Offer.Exhausted(why));
        provisioner.provision(1);
        ready(provisioner);
    }

    @Test
    void slowListenerDoesNotDelayTheLogin() throws Exception {
        farm.scripts(number -> Script.reserving()
                .log("Guest is ready: ArtemisGuest(a1, @USER@@@HOST@, arch=x86_64)\n", "starting tests execution\n"));
        CountDownLatch attempt = new CountDownLatch(1);
        BlockingQueue<Boolean> inTime = new LinkedBlockingQueue<>();
        TestingFarmProvisioner provisioner = open(builder -> builder.listener(event -> {
                    events.add(event);
                    if (event.phase() == Phase.RESERVED) {
                        inTime.add(awaitAttempt(attempt));
                    }
                })
                .connector((host, options) -> {
                    attempt.countDown();
                    return FakeConnection.running(FakeProgram.saying("atex-is-in\n", 0));
                }));
        provisioner.provision(1);
        ready(provisioner);

        assertThat(inTime.poll(20, TimeUnit.SECONDS)).isTrue();
        assertThat(events).extracting(ReservationEvent::phase).endsWith(Phase.RESERVED, Phase.READY);
    }

    private static boolean awaitAttempt(CountDownLatch latch) {
        try {
            return latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            return false;
        }
    }

    @Test
    void loginIsRepeatedUntilCommandsRun() throws Exception {
        TestingFarmProvisioner provisioner = open(builder -> builder.connector((host, options) -> {
            hosts.add(host);
            if (hosts.size() < 3) {
                throw new SshRefusedException("Permission denied", null);
            }
            return FakeConnection.running(
                    FakeProgram.saying(hosts.size() < 4 ? "log in as fedora\n" : "atex-is-in\n", 0));
        }));
        provisioner.provision(1);

        ready(provisioner);
        assertThat(hosts).hasSize(4);
    }

    @Test
    void loginFailureIsReportedAfterItsTimeLimit() throws Exception {
        TestingFarmProvisioner provisioner = open(builder -> builder.maxFailedRequests(0)
                .sshWithin(Duration.ofSeconds(5))
                .connector((host, options) -> {
                    throw new SshRefusedException("Permission denied", null);
                }));
        provisioner.provision(1);

        assertThat(failure(provisioner)).contains("Permission denied", "reserved for");
    }

    @Test
    void clearCancelsPendingReservationsAndKeepsTakenSystems() throws Exception {
        farm.scripts(number -> number == 1 ? Script.reserving() : Script.stuckIn("queued"));
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        Remote kept = ready(provisioner);
        provisioner.provision(3);
        farm.await("three requests are queued", it -> it.alive().size() == 4);

        provisioner.clear();

        farm.await("the three are cancelled", it -> it.alive().size() == 1);
        assertThat(farm.alive()).containsExactly(kept.name());
    }

    @Test
    void closeCancelsARequestThatIsBeingSubmitted() throws Exception {
        farm.fault("POST", ALL, new Fault.Delay(300));
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        farm.await("the request is submitted", it -> it.count("POST", ALL) == 1);

        provisioner.close();

        assertThat(farm.requests()).hasSize(1);
        assertThat(farm.alive()).isEmpty();
    }

    @Test
    void failedCancellationIsRepeated() throws Exception {
        farm.scripts(number -> Script.reserving().getsUntilCanceled(3))
                .fault("DELETE", ONE, new Fault.Respond(502, "<html>Bad Gateway</html>"))
                .fault("DELETE", ONE, new Fault.LoseResponse());
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        ready(provisioner);

        provisioner.close();

        assertThat(farm.requests().getFirst().state).isEqualTo("canceled");
        assertThat(events.getLast().phase()).isEqualTo(Phase.OVER);
    }

    @Test
    void unconfirmedCancellationIsLoggedWithItsCommand() throws Exception {
        farm.scripts(number -> Script.reserving().getsUntilCanceled(1000));
        try (Logs logs = new Logs()) {
            TestingFarmProvisioner provisioner = open(builder -> builder.cancelWithin(Duration.ofSeconds(1)));
            provisioner.provision(1);
            String id = ready(provisioner).name();

            provisioner.close();

            String command = "curl -X DELETE -H \"Authorization: Bearer $TESTING_FARM_API_TOKEN\" " + farm.uri()
                    + "/v0.1/requests/" + id;
            assertThat(logs.messages(Level.ERROR))
                    .singleElement()
                    .asString()
                    .contains(
                            "the cancellation of the request " + id + " was not confirmed within",
                            "it is cancel-requested")
                    .endsWith("; cancel it with: " + command);
            assertThat(logs.text()).doesNotContain(FakeTestingFarm.TOKEN);
            assertThat(events.getLast().phase()).isEqualTo(Phase.LEFT);
            farm.setState(id, "canceled");
        }
    }

    @Test
    void deniedCancellationIsLoggedAtOnce() throws Exception {
        farm.fault("DELETE", ONE, new Fault.Respond(403, ""));
        try (Logs logs = new Logs()) {
            TestingFarmProvisioner provisioner = open();
            provisioner.provision(1);
            String id = ready(provisioner).name();
            provisioner.close();

            assertThat(logs.messages(Level.ERROR))
                    .singleElement()
                    .asString()
                    .contains(
                            "the request " + id,
                            "only the token that submitted it",
                            "; cancel it with: curl -X DELETE");
            assertThat(events.getLast().phase()).isEqualTo(Phase.LEFT);
            farm.setState(id, "canceled");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 409, 410})
    void requestThatIsOverNeedsNoCancellation(int status) throws Exception {
        farm.fault("DELETE", ONE, new Fault.Respond(status, ""));
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        String id = ready(provisioner).name();
        farm.setState(id, "complete");
        provisioner.close();

        assertThat(events.getLast().phase()).isEqualTo(Phase.OVER);
    }

    @Test
    void lateLogIsAwaited() throws Exception {
        farm.scripts(number -> Script.reserving().logStatuses(404, 403, 404));
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);

        ready(provisioner);
        assertThat(farm.count("GET", ".*/pipeline.log")).isEqualTo(5);
    }

    @Test
    void guestWithEmptyLogIsFoundInTheArtifacts() throws Exception {
        farm.scripts(number -> Script.reserving().log("", "", "", "", "", "", "", "", "", "", "", ""));
        farm.file("results.xml", """
                <testsuites><testsuite><logs>
                  <log href="elsewhere.txt" name="console"/>
                  <log href="work-reserve1" name="workdir" schedule-stage="x"/>
                </logs></testsuite></testsuites>
                """);
        farm.file("work-reserve1/testing-farm/reserve/provision/guests.yaml", """
                default-0:
                    class: GuestSsh
                    primary-address: 198.51.100.7
                    user: cloud-user
                """);
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);

        ready(provisioner);
        assertThat(hosts).extracting(Host::toString).singleElement().asString().contains("cloud-user@198.51.100.7");
    }

    @Test
    void workDirectoryOutsideTheArtifactsIsIgnored() throws Exception {
        farm.scripts(number -> Script.reserving()
                .log(
                        "",
                        "",
                        "",
                        "",
                        "",
                        "",
                        "",
                        "",
                        "",
                        "\nGuest is ready: a@192.0.2.8, x\n" + "starting tests execution\n"));
        for (String href : List.of("https://example.org/", "../other/work", "//example.org/x", ":")) {
            farm.file("results.xml", "<log name=\"workdir\" href=\"" + href + "\"/>");
        }
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        ready(provisioner);
        assertThat(farm.count("GET", ".*guests.yaml")).isZero();
    }

    @Test
    void secretsQuotedByTheServiceAreHidden() throws Exception {
        reservation = reservation.toBuilder().secrets(Map.of("PASS", "hunter2")).build();
        farm.fault("POST", ALL, new Fault.Respond(400, "{\"message\": \"invalid: hunter2\"}"));
        try (Logs logs = new Logs()) {
            TestingFarmProvisioner provisioner = open();
            provisioner.provision(1);

            Offer offer = provisioner.take(Call.SOON);
            assertThat(offer).isInstanceOf(Offer.Failed.class);
            assertThat(((Offer.Failed) offer).cause())
                    .hasMessageContaining("invalid: (hidden)")
                    .hasStackTraceContaining("invalid: (hidden)");
            assertThat(Throwables.getStackTrace(((Offer.Failed) offer).cause())).doesNotContain("hunter2");
            assertThat(logs.text()).doesNotContain("hunter2");
        }
    }

    @Test
    void machineLostInUseIsReportedAndReplaced() throws Exception {
        try (Logs logs = new Logs()) {
            TestingFarmProvisioner provisioner = open(builder -> builder.maxSystems(1));
            provisioner.provision(1);
            Remote remote = ready(provisioner);

            farm.setState(remote.name(), "error");

            assertThat(await(Phase.FAILED).detail())
                    .startsWith("lost the machine Fedora-41 x86_64 at ")
                    .contains("it ended as error", remote.name(), "ready for");
            await(Phase.OVER);
            String why = "its reservation has ended: it ended as error (request " + remote.name() + " at " + farm.uri();
            assertThatThrownBy(() -> remote.connection().run(Command.of("true")))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("cannot run 'true'")
                    .hasMessageContaining(why);
            assertThatThrownBy(() -> remote.connection().reconnect(Duration.ofSeconds(1)))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining(why);
            remote.close();
            assertThat(farm.requests().getFirst().cancellations)
                    .as("cancellations of a request that is over")
                    .isZero();
            assertThat(logs.messages(Level.WARN)).hasSize(1);
            provisioner.provision(1);
            ready(provisioner);
        }
    }

    @Test
    void runningCommandFailsWithTheReasonOfTheLoss() throws Exception {
        BlockingQueue<FakeConnection> links = new LinkedBlockingQueue<>();
        TestingFarmProvisioner provisioner = open(builder -> builder.pollEvery(Duration.ofSeconds(30))
                .time(clock, clock::sleep)
                .connector((host, options) -> {
                    FakeConnection link = FakeConnection.running(process -> {
                        if (process.command().toString().contains("forever")) {
                            Thread.sleep(Duration.ofHours(1));
                        }
                        return FakeProgram.saying("atex-is-in\n", 0).run(process);
                    });
                    links.add(link);
                    return link;
                }));
        Call<Remote> taking = Call.of(() -> ready(provisioner));
        provisioner.provision(1);
        await(Phase.SUBMITTED);
        for (int poll = 1; poll <= 4; poll++) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(33));
        }
        Remote remote = taking.result(Call.SOON);
        try (RunningCommand forever = remote.connection().start(Command.of("forever"))) {
            long polls = farm.count("GET", ONE);
            farm.setState(remote.name(), "canceled");
            links.remove().lose();

            assertThatThrownBy(forever::await)
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("its reservation has ended: it ended as canceled (request " + remote.name());
            assertThat(farm.count("GET", ONE))
                    .as("polls, including the early one")
                    .isEqualTo(polls + 1);
        }
    }

    @Test
    void lossIsReportedWithoutReasonIfTheServiceIsSlow() throws Exception {
        CountDownLatch hanging = new CountDownLatch(1);
        BlockingQueue<FakeConnection> links = new LinkedBlockingQueue<>();
        TestingFarmProvisioner provisioner = open(builder -> builder.connector((host, options) -> {
            FakeConnection link = FakeConnection.running(FakeProgram.saying("atex-is-in\n", 0));
            links.add(link);
            return link;
        }));
        provisioner.provision(1);
        Remote remote = ready(provisioner);
        farm.fault("GET", ONE, new Fault.Hang(hanging));
        links.remove().lose();
        try {
            assertThatThrownBy(() -> remote.connection().run(Command.of("true")))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessage("could not start 'true': the fake system was lost");
        } finally {
            hanging.countDown();
        }
    }

    @Test
    void expiredTokenKeepsMachinesInUse() throws Exception {
        try (Logs logs = new Logs()) {
            TestingFarmProvisioner provisioner = open();
            provisioner.provision(1);
            Remote remote = ready(provisioner);
            long polls = farm.count("GET", ONE);
            farm.fault("GET", ONE, new Fault.Respond(401, "{\"message\": \"Token has expired\"}"))
                    .fault("DELETE", ONE, new Fault.Respond(401, "{\"message\": \"Token has expired\"}"));
            farm.await("it is polled again", it -> it.count("GET", ONE) > polls + 1);

            assertThat(remote.connection().run(Command.of("true")).succeeded()).isTrue();
            assertThat(logs.messages(Level.WARN)).singleElement().asString().contains("Token has expired");
            provisioner.close();
            assertThat(phases(remote.name())).doesNotContain(Phase.FAILED, Phase.LEFT);
        }
    }

    @Test
    void publicAddressIsLookedUp() throws Exception {
        farm.fault("GET", "/site1", new Fault.Respond(200, "<html>no address</html>"))
                .fault("GET", "/site2", new Fault.Respond(200, "203.0.113.9\n"));
        TestingFarmProvisioner provisioner = lookingUp();
        provisioner.provision(1);
        ready(provisioner);

        assertThat(farm.requests()
                        .getFirst()
                        .body
                        .at("/environments/0/settings/provisioning/security_group_rules_ingress")
                        .toString())
                .isEqualTo("[{\"type\":\"ingress\",\"protocol\":\"tcp\",\"cidr\":\"203.0.113.9/32\",\"port_min\":22,"
                        + "\"port_max\":22}]");
    }

    @Test
    void failedAddressLookupIsOnlyLogged() throws Exception {
        farm.withoutFirewall();
        try (Logs logs = new Logs()) {
            TestingFarmProvisioner provisioner = lookingUp();
            provisioner.provision(1);
            ready(provisioner);
            assertThat(logs.messages(Level.WARN)).singleElement().asString().contains("sourceCidrs");
        }
    }

    private TestingFarmProvisioner lookingUp() {
        TestingFarmProvisioner provisioner = TestingFarmProvisioner.builder(api, reservation)
                .addressSites(URI.create(farm.uri() + "/site1"), URI.create(farm.uri() + "/site2"))
                .pollEvery(Duration.ofMillis(10))
                .key(key)
                .connector((host, options) -> FakeConnection.running(FakeProgram.saying("atex-is-in\n", 0)))
                .build();
        closing.add(provisioner);
        return provisioner;
    }

    @Test
    void addressIsNotLookedUpWithoutAFirewall() throws Exception {
        farm.ranch("redhat");
        TestingFarmProvisioner provisioner = lookingUp();
        provisioner.provision(1);
        ready(provisioner);

        assertThat(farm.count("GET", "/site.")).isZero();
    }

    @Test
    void hangingResponseDoesNotDelayOtherRequests() throws Exception {
        CountDownLatch hanging = new CountDownLatch(1);
        String first = "/v0.1/requests/00000001-.*";
        String second = "/v0.1/requests/00000002-.*";
        farm.scripts(number -> Script.stuckIn("queued")).clock(clock).fault("GET", first, new Fault.Hang(hanging));
        TestingFarmProvisioner provisioner = open(builder ->
                builder.pollEvery(Duration.ofSeconds(30)).maxSystems(2).time(clock, clock::sleep));
        provisioner.provision(2);
        await(Phase.SUBMITTED);
        await(Phase.SUBMITTED);
        while (farm.count("GET", second) < 4) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(1));
        }

        assertThat(farm.count("GET", first)).as("polls while one hangs").isOne();
        hanging.countDown();
        while (farm.count("GET", first) < 2) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(1));
        }
    }

    @Test
    void machineCountsUntilItsRequestIsOver() throws Exception {
        farm.scripts(number -> Script.reserving().getsUntilCanceled(3))
                .fault("DELETE", ONE, new Fault.Respond(502, "<html>Bad Gateway</html>"));
        TestingFarmProvisioner provisioner = open(builder -> builder.maxSystems(1));
        provisioner.provision(2);
        ready(provisioner).close();
        ready(provisioner);

        assertThat(farm.requests()).hasSize(2);
        assertThat(farm.maxAlive()).isOne();
    }

    @Test
    void machineThatWasGivenUpDoesNotCount() throws Exception {
        farm.scripts(number -> number == 1 ? Script.reserving().getsUntilCanceled(1000) : Script.reserving());
        TestingFarmProvisioner provisioner =
                open(builder -> builder.maxSystems(1).cancelWithin(Duration.ofSeconds(1)));
        provisioner.provision(2);
        Remote left = ready(provisioner);
        left.close();
        ready(provisioner);

        assertThat(await(Phase.LEFT).detail()).contains("curl -X DELETE");
        farm.setState(left.name(), "canceled");
    }

    @Test
    void requestCancelledByAnotherClientIsOverWhenCanceled() throws Exception {
        farm.scripts(number -> Script.reserving().getsUntilCanceled(3))
                .fault("DELETE", ONE, new Fault.Respond(204, ""));
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        Remote remote = ready(provisioner);
        farm.setState(remote.name(), "cancel-requested");
        remote.close();

        await(Phase.OVER);
        assertThat(farm.alive()).isEmpty();
    }

    @Test
    void loginFailureQuotesTheLastLinesOfTheLog() throws Exception {
        farm.scripts(number -> Script.reserving().appendToLog("sshd: no supported key\n"))
                .clock(clock);
        TestingFarmProvisioner provisioner = open(builder -> builder.maxFailedRequests(0)
                .pollEvery(Duration.ofSeconds(30))
                .time(clock, clock::sleep)
                .sshWithin(Duration.ofSeconds(1))
                .connector((host, options) -> {
                    throw new SshRefusedException("Permission denied", null);
                }));
        provisioner.provision(1);
        await(Phase.SUBMITTED);
        for (int poll = 1; poll <= 4; poll++) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(33));
        }

        assertThat(failure(provisioner)).contains("Permission denied", "\n    sshd: no supported key\n");
    }

    @Test
    void hangingLogDoesNotDelayAFailure() throws Exception {
        CountDownLatch hanging = new CountDownLatch(1);
        TestingFarmProvisioner provisioner = open(builder -> builder.maxFailedRequests(0)
                .sshWithin(Duration.ofSeconds(1))
                .connector((host, options) -> {
                    farm.fault("GET", ".*/pipeline.log", new Fault.Hang(hanging));
                    throw new SshRefusedException("Permission denied", null);
                }));
        provisioner.provision(1);

        try {
            assertThat(failure(provisioner)).contains("Permission denied", "Guest is ready");
        } finally {
            hanging.countDown();
        }
    }

    @Test
    void retryAfterPausesPolling() throws Exception {
        farm.scripts(number -> Script.stuckIn("queued"))
                .clock(clock)
                .fault("GET", ONE, new Fault.Respond(429, "", "Retry-After", "100"));
        TestingFarmProvisioner provisioner = open(builder ->
                builder.pollEvery(Duration.ofSeconds(30)).maxSystems(1).time(clock, clock::sleep));
        provisioner.provision(1);
        await(Phase.SUBMITTED);
        for (int i = 0; i < 3; i++) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(33));
            farm.await("it was polled", it -> it.count("GET", ONE) == 1);
        }
        clock.awaitSleepers(1);
        clock.advance(Duration.ofSeconds(40));
        farm.await("it is polled again", it -> it.count("GET", ONE) == 2);
    }

    @Test
    void queueWithinLimitsTheQueue() throws Exception {
        farm.scripts(number -> Script.stuckIn("queued")).clock(clock);
        TestingFarmProvisioner provisioner = open(builder -> builder.pollEvery(Duration.ofSeconds(30))
                .maxFailedRequests(0)
                .queueWithin(Duration.ofMinutes(20))
                .time(clock, clock::sleep));
        provisioner.provision(1);
        await(Phase.SUBMITTED);
        clock.awaitSleepers(1);
        clock.advance(Duration.ofSeconds(33));
        await(Phase.QUEUED);
        clock.awaitSleepers(1);
        clock.advance(Duration.ofMinutes(21));

        assertThat(failure(provisioner))
                .contains("it took longer than PT20M; it is queued", "queued for 21 min, 21 min in total");
    }

    @Test
    void provisionWithinLimitsProvisioning() throws Exception {
        farm.scripts(number -> Script.stuckIn("running").log("Guest is being provisioned\n"))
                .clock(clock);
        TestingFarmProvisioner provisioner = open(builder -> builder.pollEvery(Duration.ofSeconds(30))
                .maxFailedRequests(0)
                .provisionWithin(Duration.ofMinutes(40))
                .time(clock, clock::sleep));
        provisioner.provision(1);
        await(Phase.SUBMITTED);
        clock.awaitSleepers(1);
        clock.advance(Duration.ofSeconds(33));
        await(Phase.RUNNING);
        clock.awaitSleepers(1);
        clock.advance(Duration.ofMinutes(41));

        assertThat(failure(provisioner)).contains("it took longer than PT40M; it is running", "running for 41 min");
    }

    @Test
    void interruptedCallerReleasesAllMachines() throws Exception {
        farm.scripts(number -> number == 1 ? Script.reserving() : Script.stuckIn("queued"));
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(2);
        ready(provisioner);
        farm.await("the other request is submitted", it -> it.alive().size() == 2);
        Call<Offer> using = Call.of(() -> {
            try (provisioner) {
                return provisioner.take(Duration.ofHours(1));
            }
        });
        using.interrupt();

        farm.await("both are released", it -> it.alive().isEmpty());
        assertThatThrownBy(() -> using.result(Call.SOON)).isInstanceOf(InterruptedException.class);
    }

    @Test
    void silentServiceDoesNotExtendTheLimits() throws Exception {
        farm.scripts(number -> Script.stuckIn("new")).clock(clock).fault("GET", ONE, new Fault.Respond(502, "<html>"));
        TestingFarmProvisioner provisioner = open(builder ->
                builder.pollEvery(Duration.ofSeconds(30)).maxFailedRequests(0).time(clock, clock::sleep));
        provisioner.provision(1);
        await(Phase.SUBMITTED);
        clock.awaitSleepers(1);
        clock.advance(Duration.ofMinutes(61));

        assertThat(failure(provisioner)).contains("it took longer than PT1H; the service does not answer");
    }

    @Test
    void systemExpiresWithItsReservation() throws Exception {
        // The reserve test started before the third poll, and its log may be one interval late.
        assertThat(expiry()).isEqualTo(Duration.ofMinutes(30).minusSeconds(33 + 30));
    }

    @Test
    void systemExpiresWithItsRequest() throws Exception {
        reservation =
                reservation.toBuilder().pipelineLimit(Duration.ofMinutes(31)).build();
        assertThat(expiry()).isEqualTo(Duration.ofMinutes(31).minusSeconds(4 * 33));
    }

    /** {@return the remaining time of a reservation after the fourth poll has shown its start} */
    private Duration expiry() throws Exception {
        farm.clock(clock);
        TestingFarmProvisioner provisioner =
                open(builder -> builder.pollEvery(Duration.ofSeconds(30)).time(clock, clock::sleep));
        provisioner.provision(1);
        await(Phase.SUBMITTED);
        Call<Remote> taking = Call.of(() -> ready(provisioner));
        for (int poll = 1; poll <= 4; poll++) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(33));
        }
        Remote remote = taking.result(Call.SOON);
        Duration left = Duration.between(clock.instant(), remote.expires());
        return left;
    }

    @Test
    void invalidSettingsAreRefusedAtOnce() {
        TestingFarmProvisioner.Builder builder = TestingFarmProvisioner.builder(api, reservation);
        assertThatThrownBy(() -> builder.maxSystems(0)).hasMessageContaining("maxSystems must be at least 1, not 0");
        assertThatThrownBy(() -> builder.maxFailedRequests(-1)).hasMessageContaining("not -1");
        assertThatThrownBy(() -> builder.queueWithin(Duration.ZERO)).hasMessageContaining("queueWithin");
        assertThatThrownBy(() -> builder.sourceCidrs("everywhere")).hasMessageContaining("192.0.2.1/32");
        assertThatThrownBy(() -> builder.run("two words")).hasMessageContaining("'two words'");
        assertThatThrownBy(() -> builder.key(Path.of("/no/such/key")))
                .hasMessageContaining("ssh-keygen -f /no/such/key");
        assertThatThrownBy(() -> Reservation.builder("F").tags(Map.of("AtexRun", "mine")))
                .hasMessageContaining("AtexRun");
        assertThatThrownBy(() -> Reservation.builder("F").hardware(Map.of("memory", List.of(new Object()))))
                .hasMessageContaining("hardware.memory[] is a java.lang.Object");
        assertThatThrownBy(() -> Reservation.builder("F")
                        .pipelineLimit(Duration.ofMinutes(10))
                        .build())
                .hasMessageContaining("PT10M cannot reserve a machine for PT30M");
    }
}

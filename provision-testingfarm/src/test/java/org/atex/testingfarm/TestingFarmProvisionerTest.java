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
import org.atex.testingfarm.FarmStandIn.Fault;
import org.atex.testingfarm.ReservationEvent.Phase;
import org.atex.testingfarm.StandInRequest.Life;
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

/** Against the stand-in; the guests are fakes. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class TestingFarmProvisionerTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String ONE = "/v0.1/requests/.+";
    private static final String ALL = "/v0.1/requests";

    private final List<ReservationEvent> events = new CopyOnWriteArrayList<>();
    private final BlockingQueue<ReservationEvent> news = new LinkedBlockingQueue<>();
    private final List<AutoCloseable> closing = new ArrayList<>();
    private final List<Host> hosts = new CopyOnWriteArrayList<>();

    /** For the tests that set it. */
    private final ManualClock clock = ManualClock.at(Instant.parse("2026-11-21T10:00:00Z"));

    @TempDir
    private Path directory;

    private Path key;
    private FarmStandIn farm;
    private TestingFarmApi api;
    private Reservation reservation = Reservation.builder("Fedora-41").build();

    @BeforeAll
    static void warmUp() throws Exception {
        FarmStandIn.warmUp();
    }

    @BeforeEach
    void openFarm() throws IOException {
        key = Files.writeString(directory.resolve("id"), "private");
        Files.writeString(directory.resolve("id.pub"), "ssh-ed25519 AAAA jane@home.example");
        farm = FarmStandIn.open();
        api = farm.api().build();
    }

    @AfterEach
    void closeAll() throws Exception {
        // Closing waits for the service, and so for the clock.
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
        assertThat(farm.alive()).as("machines that nobody gives back").isEmpty();
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
                            news.add(event);
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
        Offer offer = provisioner.take(SOON);
        assertThat(offer).isInstanceOf(Offer.Ready.class);
        return ((Offer.Ready) offer).remote();
    }

    private static String failure(TestingFarmProvisioner provisioner) throws InterruptedException {
        Offer offer = provisioner.take(SOON);
        assertThat(offer).isInstanceOf(Offer.Failed.class);
        return ((Offer.Failed) offer).cause().getMessage();
    }

    private ReservationEvent await(Phase phase) throws InterruptedException {
        while (true) {
            ReservationEvent event = news.poll(20, TimeUnit.SECONDS);
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
    void aSystemSaysWhatIsKnownOfIt() throws Exception {
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
    void eventsTellHowItGoesOnInOrder() throws Exception {
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
    void aListenerThatFailsChangesNothing() throws Exception {
        TestingFarmProvisioner provisioner = open(builder -> builder.listener(event -> {
            throw new IllegalStateException("listens badly");
        }));
        provisioner.provision(1);
        ready(provisioner);
    }

    @Test
    void whenTheAnswerIsLostTheRequestIsFoundByItsTag() throws Exception {
        farm.fault("POST", ALL, new Fault.Loses());
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);

        assertThat(ready(provisioner).name()).isEqualTo(farm.requests().getFirst().id);
        assertThat(farm.requests()).hasSize(1);
        assertThat(farm.count("POST", ALL)).isOne();
    }

    @Test
    void whatDidNotTakeEffectIsSubmittedAgainOnceThatIsCertain() throws Exception {
        farm.fault("POST", ALL, new Fault.Says(502, "<html>Bad Gateway</html>"))
                .fault("GET", ALL, new Fault.Says(503, "<html>try later</html>"));
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        ready(provisioner);

        assertThat(farm.requests()).hasSize(1);
        List<String> asked = farm.questions().stream()
                .filter(question -> question.path().equals(ALL))
                .map(FarmStandIn.Question::method)
                .toList();
        assertThat(asked)
                .as("a post, searches, a post")
                .startsWith("POST", "GET", "GET")
                .contains("POST");
        assertThat(asked.lastIndexOf("POST")).isGreaterThan(3);
    }

    @Test
    void whatTakesEffectWhenNobodyExpectsItIsFoundInTheEnd() throws Exception {
        farm.fault("POST", ALL, new Fault.LosesAndWaits());
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        ready(provisioner);
        farm.deliverWithheld();
        assertThat(farm.alive()).hasSize(2);

        provisioner.close();

        assertThat(farm.alive()).isEmpty();
    }

    @Test
    void aReservationThatFailsIsMadeAgain() throws Exception {
        farm.lives(number -> number <= 2 ? Life.usual().endsAs("error", 3, "no capacity") : Life.usual());
        try (Logs logs = new Logs()) {
            TestingFarmProvisioner provisioner = open(builder -> builder.maxFailedRequests(2));
            provisioner.provision(1);

            assertThat(ready(provisioner).name()).isEqualTo(farm.requests().getLast().id);
            assertThat(farm.requests()).hasSize(3);
            assertThat(logs.messages(Level.WARN)).hasSize(2).allMatch(message -> message.contains("no capacity"));
        }
    }

    @Test
    void aFailureSaysAllThatIsKnown() throws Exception {
        reservation = reservation.toBuilder().secrets(Map.of("PASS", "hunter2")).build();
        farm.lives(number -> Life.usual()
                .log("booting\n", "the password is hunter2\n\u001b[31mno route to host\u001b[0m\n")
                .note("dispatched with hunter2")
                .endsAs("error", 5, "machine broke"));
        try (Logs logs = new Logs()) {
            TestingFarmProvisioner provisioner = open(builder -> builder.maxFailedRequests(0));
            provisioner.provision(1);

            String id = "00000001-0000-4000-8000-000000000000";
            assertThat(failure(provisioner))
                    .isEqualTo("could not reserve Fedora-41 x86_64 at " + farm.uri()
                            + ": it ended as error (request " + id + ", running for 0 s, 0 s in all)"
                            + "; the service says: machine broke; its notes: dispatched with (hidden)"
                            + "; last lines of its log:\n    booting\n    the password is (hidden)"
                            + "\n    no route to host\nartifacts: " + farm.uri() + "/artifacts/" + id);
            assertThat(logs.text()).doesNotContain("hunter2");
            assertThat(events.toString()).doesNotContain("hunter2");
        }
        // It is given back by another thread than the one that sees it fail, if that comes in time before it is over.
        assertThat(phases("00000001-0000-4000-8000-000000000000"))
                .filteredOn(phase -> phase != Phase.CANCELLING)
                .containsExactly(Phase.SUBMITTED, Phase.QUEUED, Phase.RUNNING, Phase.FAILED, Phase.OVER);
    }

    @Test
    void anErrorInTheLogEndsTheWait() throws Exception {
        farm.lives(number -> Life.usual().log("preparing\n", "Result of testing: ERROR\n"));
        TestingFarmProvisioner provisioner = open(builder -> builder.maxFailedRequests(0));
        provisioner.provision(1);

        assertThat(failure(provisioner)).contains("its log says: Result of testing: ERROR");
    }

    @Test
    void whoeverCancelsItFromOutsideIsNoticed() throws Exception {
        farm.lives(number -> Life.stuck("cancel-requested"));
        TestingFarmProvisioner provisioner = open(builder -> builder.maxFailedRequests(0));
        provisioner.provision(1);

        assertThat(failure(provisioner)).contains("somebody cancelled it");
    }

    @Test
    void aComposeThatIsNotThereIsAnsweredWithOthers() throws Exception {
        reservation = Reservation.builder("fedora-4l").build();
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(3);

        String why = failure(provisioner);
        assertThat(why)
                .isEqualTo("could not reserve fedora-4l x86_64 at " + farm.uri()
                        + ", ranch public, with the token 'ci': Compose 'fedora-4l' does not exist; the composes of that"
                        + " ranch whose names are closest: Fedora-41, Fedora-42, CentOS-Stream-9");
        Offer offer = provisioner.take(SOON);
        while (offer instanceof Offer.Failed) {
            offer = provisioner.take(Duration.ofMillis(200));
        }
        assertThat(offer).isIn(new Offer.None(), new Offer.Exhausted(why));
        assertThat(farm.count("POST", ALL)).as("no retries").isLessThanOrEqualTo(3);
    }

    @Test
    void aTokenThatExpiresEndsTheReservationsThatAreUnderWay() throws Exception {
        TestingFarmProvisioner provisioner = open();
        farm.fault("GET", ONE, new Fault.Says(401, "{\"message\": \"Token has expired\"}"));
        provisioner.provision(1);

        assertThat(failure(provisioner)).contains("Token has expired", "renew the token");
    }

    @Test
    void aWrongTokenIsToldOnceAndTriedAgainWhenAskedAgain() throws Exception {
        farm.fault("GET", ".*/whoami", new Fault.Says(401, "{\"message\": \"Token has expired\"}"));
        TestingFarmProvisioner provisioner = open(builder -> builder.maxSystems(1));
        provisioner.provision(2);

        String why = failure(provisioner);
        assertThat(why).contains("could not reserve Fedora-41 x86_64", "Token has expired");
        assertThat(provisioner.take(SOON)).isEqualTo(new Offer.Exhausted(why));
        provisioner.provision(1);
        ready(provisioner);
    }

    @Test
    void aListenerThatTakesItsTimeIsNotOnTheWayToTheGuest() throws Exception {
        farm.lives(number -> Life.usual()
                .log("Guest is ready: ArtemisGuest(a1, @USER@@@HOST@, arch=x86_64)\n", "starting tests execution\n"));
        CountDownLatch attempt = new CountDownLatch(1);
        BlockingQueue<Boolean> inTime = new LinkedBlockingQueue<>();
        TestingFarmProvisioner provisioner = open(builder -> builder.listener(event -> {
                    events.add(event);
                    if (event.phase() == Phase.RESERVED) {
                        inTime.add(isOver(attempt));
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

    private static boolean isOver(CountDownLatch latch) {
        try {
            return latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            return false;
        }
    }

    @Test
    void theGuestThatDoesNotLetUsInIsAskedUntilItDoes() throws Exception {
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
    void theGuestThatNeverLetsUsInIsGivenUp() throws Exception {
        TestingFarmProvisioner provisioner = open(builder -> builder.maxFailedRequests(0)
                .sshWithin(Duration.ofSeconds(5))
                .connector((host, options) -> {
                    throw new SshRefusedException("Permission denied", null);
                }));
        provisioner.provision(1);

        assertThat(failure(provisioner)).contains("Permission denied", "reserved for");
    }

    @Test
    void clearCancelsWhatIsUnderWayAndKeepsWhatWasTaken() throws Exception {
        farm.lives(number -> number == 1 ? Life.usual() : Life.stuck("queued"));
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        Remote kept = ready(provisioner);
        provisioner.provision(3);
        farm.await("three are queued", it -> it.alive().size() == 4);

        provisioner.clear();

        farm.await("they are cancelled", it -> it.alive().size() == 1);
        assertThat(farm.alive()).containsExactly(kept.name());
    }

    @Test
    void closingEndsWhatIsBeingSubmitted() throws Exception {
        farm.fault("POST", ALL, new Fault.Stalls(300));
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        farm.await("it is submitted", it -> it.count("POST", ALL) == 1);

        provisioner.close();

        assertThat(farm.requests()).hasSize(1);
        assertThat(farm.alive()).isEmpty();
    }

    @Test
    void aCancellationThatFailsIsRepeatedAndFollowed() throws Exception {
        farm.lives(number -> Life.usual().cancelLooks(3))
                .fault("DELETE", ONE, new Fault.Says(502, "<html>Bad Gateway</html>"))
                .fault("DELETE", ONE, new Fault.Loses());
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        ready(provisioner);

        provisioner.close();

        assertThat(farm.requests().getFirst().state).isEqualTo("canceled");
        assertThat(events.getLast().phase()).isEqualTo(Phase.OVER);
    }

    @Test
    void aCancellationThatIsNeverSeenIsPrintedWithTheCommandForIt() throws Exception {
        farm.lives(number -> Life.usual().cancelLooks(1000));
        try (Logs logs = new Logs()) {
            TestingFarmProvisioner provisioner = open(builder -> builder.cancelWithin(Duration.ofMillis(100)));
            provisioner.provision(1);
            String id = ready(provisioner).name();

            provisioner.close();

            String command = "curl -X DELETE -H \"Authorization: Bearer $TESTING_FARM_API_TOKEN\" " + farm.uri()
                    + "/v0.1/requests/" + id;
            assertThat(logs.messages(Level.ERROR))
                    .singleElement()
                    .asString()
                    .contains("the request " + id + " was not seen to be cancelled", "it is cancel-requested")
                    .endsWith("; cancel it with: " + command);
            assertThat(logs.text()).doesNotContain(FarmStandIn.TOKEN);
            assertThat(events.getLast().phase()).isEqualTo(Phase.LEFT);
            farm.becomes(id, "canceled");
        }
    }

    @Test
    void whatWeMayNotCancelIsPrintedAtOnce() throws Exception {
        farm.fault("DELETE", ONE, new Fault.Says(403, ""));
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
            farm.becomes(id, "canceled");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 409, 410})
    void whatIsOverNeedNotBeCancelled(int status) throws Exception {
        farm.fault("DELETE", ONE, new Fault.Says(status, ""));
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        String id = ready(provisioner).name();
        farm.becomes(id, "complete");
        provisioner.close();

        assertThat(events.getLast().phase()).isEqualTo(Phase.OVER);
    }

    @Test
    void aLogThatAppearsLateIsWaitedFor() throws Exception {
        farm.lives(number -> Life.usual().missing(404, 403, 404));
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);

        ready(provisioner);
        assertThat(farm.count("GET", ".*/pipeline.log")).isEqualTo(5);
    }

    @Test
    void aGuestWhoseLogStaysEmptyIsFoundInTheFilesOfTheRun() throws Exception {
        farm.lives(number -> Life.usual().log("", "", "", "", "", "", "", "", "", "", "", ""));
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
    void filesElsewhereAreNotAskedFor() throws Exception {
        farm.lives(number -> Life.usual()
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
    void secretsThatTheServiceQuotesAreHidden() throws Exception {
        reservation = reservation.toBuilder().secrets(Map.of("PASS", "hunter2")).build();
        farm.fault("POST", ALL, new Fault.Says(400, "{\"message\": \"what is hunter2?\"}"));
        try (Logs logs = new Logs()) {
            TestingFarmProvisioner provisioner = open();
            provisioner.provision(1);

            Offer offer = provisioner.take(SOON);
            assertThat(offer).isInstanceOf(Offer.Failed.class);
            assertThat(((Offer.Failed) offer).cause())
                    .hasMessageContaining("what is (hidden)?")
                    .hasStackTraceContaining("what is (hidden)?");
            assertThat(Throwables.getStackTrace(((Offer.Failed) offer).cause())).doesNotContain("hunter2");
            assertThat(logs.text()).doesNotContain("hunter2");
        }
    }

    @Test
    void aMachineThatGoesWhileItIsInUseIsToldAndReplaced() throws Exception {
        try (Logs logs = new Logs()) {
            TestingFarmProvisioner provisioner = open(builder -> builder.maxSystems(1));
            provisioner.provision(1);
            Remote remote = ready(provisioner);

            farm.becomes(remote.name(), "error");

            assertThat(await(Phase.FAILED).detail())
                    .startsWith("lost the machine, Fedora-41 x86_64 at ")
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
                    .as("there is nothing to cancel")
                    .isZero();
            assertThat(logs.messages(Level.WARN)).hasSize(1);
            provisioner.provision(1);
            ready(provisioner);
        }
    }

    @Test
    void whoWaitsForACommandLearnsWhyTheMachineWent() throws Exception {
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
        for (int look = 1; look <= 4; look++) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(33));
        }
        Remote remote = taking.result(SOON);
        try (RunningCommand forever = remote.connection().start(Command.of("forever"))) {
            long looks = farm.count("GET", ONE);
            farm.becomes(remote.name(), "canceled");
            links.remove().lose();

            assertThatThrownBy(forever::await)
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("its reservation has ended: it ended as canceled (request " + remote.name());
            assertThat(farm.count("GET", ONE))
                    .as("a look, of which there was none to come")
                    .isEqualTo(looks + 1);
        }
    }

    @Test
    void aLossThatNobodyCanExplainSoonIsToldWithoutAReason() throws Exception {
        CountDownLatch hanging = new CountDownLatch(1);
        BlockingQueue<FakeConnection> links = new LinkedBlockingQueue<>();
        TestingFarmProvisioner provisioner = open(builder -> builder.connector((host, options) -> {
            FakeConnection link = FakeConnection.running(FakeProgram.saying("atex-is-in\n", 0));
            links.add(link);
            return link;
        }));
        provisioner.provision(1);
        Remote remote = ready(provisioner);
        farm.fault("GET", ONE, new Fault.Hangs(hanging));
        links.remove().lose();
        try {
            assertThatThrownBy(() -> remote.connection().run(Command.of("true")))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessage("cannot start 'true': the fake system was lost");
        } finally {
            hanging.countDown();
        }
    }

    @Test
    void aTokenThatExpiresTakesNoMachineFromWhoUsesIt() throws Exception {
        try (Logs logs = new Logs()) {
            TestingFarmProvisioner provisioner = open();
            provisioner.provision(1);
            Remote remote = ready(provisioner);
            long looks = farm.count("GET", ONE);
            farm.fault("GET", ONE, new Fault.Says(401, "{\"message\": \"Token has expired\"}"))
                    .fault("DELETE", ONE, new Fault.Says(401, "{\"message\": \"Token has expired\"}"));
            farm.await("it is looked at again", it -> it.count("GET", ONE) > looks + 1);

            assertThat(remote.connection().run(Command.of("true")).succeeded()).isTrue();
            assertThat(logs.messages(Level.WARN)).singleElement().asString().contains("Token has expired");
            provisioner.close();
            assertThat(phases(remote.name())).doesNotContain(Phase.FAILED, Phase.LEFT);
        }
    }

    @Test
    void ourAddressIsLookedUp() throws Exception {
        farm.fault("GET", "/site1", new Fault.Says(200, "<html>you are somewhere</html>"))
                .fault("GET", "/site2", new Fault.Says(200, "203.0.113.9\n"));
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
    void noRunFailsBecauseNobodyKnowsOurAddress() throws Exception {
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
    void wherethereIsNoFirewallNobodyIsAsked() throws Exception {
        farm.ranch("redhat");
        TestingFarmProvisioner provisioner = lookingUp();
        provisioner.provision(1);
        ready(provisioner);

        assertThat(farm.count("GET", "/site.")).isZero();
    }

    @Test
    void oneAnswerThatHangsHoldsUpNoOtherRequest() throws Exception {
        CountDownLatch hanging = new CountDownLatch(1);
        String first = "/v0.1/requests/00000001-.*";
        String second = "/v0.1/requests/00000002-.*";
        farm.lives(number -> Life.stuck("queued")).clock(clock).fault("GET", first, new Fault.Hangs(hanging));
        TestingFarmProvisioner provisioner = open(builder ->
                builder.pollEvery(Duration.ofSeconds(30)).maxSystems(2).time(clock, clock::sleep));
        provisioner.provision(2);
        await(Phase.SUBMITTED);
        await(Phase.SUBMITTED);
        while (farm.count("GET", second) < 4) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(1));
        }

        assertThat(farm.count("GET", first)).as("looks while one hangs").isOne();
        hanging.countDown();
        while (farm.count("GET", first) < 2) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(1));
        }
    }

    @Test
    void aMachineIsOneOfThoseThatThereMayBeUntilTheServiceSaysThatItIsGone() throws Exception {
        farm.lives(number -> Life.usual().cancelLooks(3))
                .fault("DELETE", ONE, new Fault.Says(502, "<html>Bad Gateway</html>"));
        TestingFarmProvisioner provisioner = open(builder -> builder.maxSystems(1));
        provisioner.provision(2);
        ready(provisioner).close();
        ready(provisioner);

        assertThat(farm.requests()).hasSize(2);
        assertThat(farm.mostAlive()).isOne();
    }

    @Test
    void aMachineThatIsLeftMakesRoomForAnother() throws Exception {
        farm.lives(number -> number == 1 ? Life.usual().cancelLooks(1000) : Life.usual());
        TestingFarmProvisioner provisioner =
                open(builder -> builder.maxSystems(1).cancelWithin(Duration.ofMillis(100)));
        provisioner.provision(2);
        Remote left = ready(provisioner);
        left.close();
        ready(provisioner);

        assertThat(await(Phase.LEFT).detail()).contains("curl -X DELETE");
        farm.becomes(left.name(), "canceled");
    }

    @Test
    void aMachineThatSomebodyCancelsIsOverWhenItIsCanceledAndNotBefore() throws Exception {
        farm.lives(number -> Life.usual().cancelLooks(3)).fault("DELETE", ONE, new Fault.Says(204, ""));
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(1);
        Remote remote = ready(provisioner);
        farm.becomes(remote.name(), "cancel-requested");
        remote.close();

        await(Phase.OVER);
        assertThat(farm.alive()).isEmpty();
    }

    @Test
    void whatTheLogSaysWhenNobodyGetsInIsTold() throws Exception {
        farm.lives(number -> Life.usual().more("sshd: no supported key\n")).clock(clock);
        TestingFarmProvisioner provisioner = open(builder -> builder.maxFailedRequests(0)
                .pollEvery(Duration.ofSeconds(30))
                .time(clock, clock::sleep)
                .sshWithin(Duration.ofSeconds(1))
                .connector((host, options) -> {
                    throw new SshRefusedException("Permission denied", null);
                }));
        provisioner.provision(1);
        await(Phase.SUBMITTED);
        for (int look = 1; look <= 4; look++) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(33));
        }

        assertThat(failure(provisioner)).contains("Permission denied", "\n    sshd: no supported key\n");
    }

    @Test
    void aLogThatDoesNotComeHoldsUpNoFailure() throws Exception {
        CountDownLatch hanging = new CountDownLatch(1);
        TestingFarmProvisioner provisioner = open(builder -> builder.maxFailedRequests(0)
                .sshWithin(Duration.ofSeconds(1))
                .connector((host, options) -> {
                    farm.fault("GET", ".*/pipeline.log", new Fault.Hangs(hanging));
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
    void oneThatIsToldToComeBackLaterLeavesTheServiceAlone() throws Exception {
        farm.lives(number -> Life.stuck("queued"))
                .clock(clock)
                .fault("GET", ONE, new Fault.Says(429, "", "Retry-After", "100"));
        TestingFarmProvisioner provisioner = open(builder ->
                builder.pollEvery(Duration.ofSeconds(30)).maxSystems(1).time(clock, clock::sleep));
        provisioner.provision(1);
        await(Phase.SUBMITTED);
        for (int i = 0; i < 3; i++) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(33));
            farm.await("it was looked at", it -> it.count("GET", ONE) == 1);
        }
        clock.awaitSleepers(1);
        clock.advance(Duration.ofSeconds(40));
        farm.await("it is looked at again", it -> it.count("GET", ONE) == 2);
    }

    @Test
    void aRequestThatIsStuckInTheQueueIsGivenUp() throws Exception {
        farm.lives(number -> Life.stuck("queued")).clock(clock);
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
                .contains("it took longer than PT20M, and it is queued", "queued for 21 min, 21 min in all");
    }

    @Test
    void aMachineThatIsNeverMadeIsGivenUp() throws Exception {
        farm.lives(number -> Life.stuck("running").log("Guest is being provisioned\n"))
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

        assertThat(failure(provisioner)).contains("it took longer than PT40M, and it is running", "running for 41 min");
    }

    @Test
    void whoIsInterruptedGivesEverythingBack() throws Exception {
        farm.lives(number -> number == 1 ? Life.usual() : Life.stuck("queued"));
        TestingFarmProvisioner provisioner = open();
        provisioner.provision(2);
        ready(provisioner);
        farm.await("the other is submitted", it -> it.alive().size() == 2);
        Call<Offer> using = Call.of(() -> {
            try (provisioner) {
                return provisioner.take(Duration.ofHours(1));
            }
        });
        using.interrupt();

        farm.await("both are given back", it -> it.alive().isEmpty());
        assertThatThrownBy(() -> using.result(SOON)).isInstanceOf(InterruptedException.class);
    }

    @Test
    void aServiceThatFallsSilentDoesNotHoldAReservationForEver() throws Exception {
        farm.lives(number -> Life.stuck("new")).clock(clock).fault("GET", ONE, new Fault.Says(502, "<html>"));
        TestingFarmProvisioner provisioner = open(builder ->
                builder.pollEvery(Duration.ofSeconds(30)).maxFailedRequests(0).time(clock, clock::sleep));
        provisioner.provision(1);
        await(Phase.SUBMITTED);
        clock.awaitSleepers(1);
        clock.advance(Duration.ofMinutes(61));

        assertThat(failure(provisioner)).contains("it took longer than PT1H, and the service does not answer");
    }

    @Test
    void aReservationEndsWithItsTime() throws Exception {
        // It began at the third look at the latest, and its log takes an interval to get here.
        assertThat(expiry()).isEqualTo(Duration.ofMinutes(30).minusSeconds(33 + 30));
    }

    @Test
    void aReservationEndsWithItsRequest() throws Exception {
        reservation =
                reservation.toBuilder().pipelineLimit(Duration.ofMinutes(31)).build();
        assertThat(expiry()).isEqualTo(Duration.ofMinutes(31).minusSeconds(4 * 33));
    }

    /** {@return how long a reservation still lasts when the fourth look has shown it} */
    private Duration expiry() throws Exception {
        farm.clock(clock);
        TestingFarmProvisioner provisioner =
                open(builder -> builder.pollEvery(Duration.ofSeconds(30)).time(clock, clock::sleep));
        provisioner.provision(1);
        await(Phase.SUBMITTED);
        Call<Remote> taking = Call.of(() -> ready(provisioner));
        for (int look = 1; look <= 4; look++) {
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(33));
        }
        Remote remote = taking.result(SOON);
        Duration left = Duration.between(clock.instant(), remote.expires());
        return left;
    }

    @Test
    void badSettingsAreRefusedAtOnce() {
        TestingFarmProvisioner.Builder builder = TestingFarmProvisioner.builder(api, reservation);
        assertThatThrownBy(() -> builder.maxSystems(0)).hasMessageContaining("at least 1 machine, not 0");
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

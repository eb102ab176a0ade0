package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.atex.api.Offer;
import org.atex.lab.Logs;
import org.atex.testkit.Call;
import org.atex.testkit.FakeConnection;
import org.atex.testkit.Fault;
import org.atex.testkit.FaultProxy;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
@Timeout(180)
class ReservationServiceTest {
    private static final Duration MOMENT = Duration.ofMillis(1);
    private static final String A = "{\"host\": \"a\"}";
    private static final String B = "{\"host\": \"b\", \"port\": 2222, \"arguments\": {\"cores\": 4, \"KEY\": \"v\"}}";

    private final List<AutoCloseable> closing = new ArrayList<>();
    private final CountDownLatch never = new CountDownLatch(1);
    private ReservationServer server;

    /** JDK 25 leaks sockets when the supported socket options are queried for the first time, as HTTP clients do. */
    @BeforeAll
    static void makeClient() {
        ReservationService.builder(URI.create("http://localhost/")).build().close();
    }

    @BeforeEach
    void open() throws Exception {
        server = ReservationServer.open();
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : closing.reversed()) {
            each.close();
        }
        server.close();
    }

    private static ReservationService.Builder at(URI uri) {
        return ReservationService.builder(uri)
                .heartbeat(Duration.ofMillis(5))
                .retryDelay(MOMENT)
                .maxAttempts(3)
                .requestWithin(Call.SOON);
    }

    private ReservationService open(ReservationService.Builder builder) {
        ReservationService service = builder.build();
        closing.add(service);
        return service;
    }

    private static String host(HostSource source) throws InterruptedException {
        HostSource.Next next = source.take(Call.SOON);
        assertThat(next).isInstanceOf(HostSource.Next.Found.class);
        return ((HostSource.Next.Found) next).host().address();
    }

    private static String end(HostSource source) throws InterruptedException {
        HostSource.Next next = source.take(Call.SOON);
        assertThat(next).isInstanceOf(HostSource.Next.Ended.class);
        return ((HostSource.Next.Ended) next).why();
    }

    @Test
    void hostsAreReadWithoutASession() throws Exception {
        server.on("/", reply -> reply.lines(A, "", B));
        ReservationService service = open(at(server.uri("/")));
        assertThat(server.questions()).as("no request before a host is wanted").isEmpty();
        assertThat(host(service)).isEqualTo("a");
        assertThat(service.take(Call.SOON))
                .isEqualTo(new HostSource.Next.Found(new Host("b", 2222, null, 4, null, Map.of("KEY", "v"), Map.of())));
        assertThat(end(service)).contains("has no more hosts; there were 2");
    }

    @Test
    void hostIsOfferedWhenItsLineArrives() throws Exception {
        CountDownLatch more = new CountDownLatch(1);
        server.session(reply -> {
            reply.lines(A);
            more.await();
            reply.lines(B);
        });
        ReservationService service = open(at(server.uri("/")));
        assertThat(host(service)).isEqualTo("a");
        assertThat(service.take(Duration.ofMillis(20))).isEqualTo(new HostSource.Next.None());
        more.countDown();
        assertThat(host(service)).isEqualTo("b");
    }

    @Test
    void sessionIsKeptAliveAndEndedOnce() throws Exception {
        server.session(reply -> reply.lines(A));
        ReservationService service = open(at(server.uri("/")));
        assertThat(host(service)).isEqualTo("a");
        end(service);
        server.await("/beat", 5);
        service.close();
        service.close();
        assertThat(server.count("/end")).isEqualTo(1);
        assertThat(server.count("/start")).isEqualTo(1);
        assertThatThrownBy(() -> service.take(Duration.ZERO)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closeBeforeTheFirstTakeSendsNoRequest() {
        try (Logs logs = new Logs()) {
            ReservationService service = open(at(server.uri("/")));
            service.close();
            assertThat(server.questions()).isEmpty();
            assertThat(logs.messages(Level.WARN)).isEmpty();
            assertThatThrownBy(() -> service.take(Call.SOON)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void sessionWithoutStartAddressHasItsHostsInTheSameAnswer() throws Exception {
        server.session(reply -> reply.status(500))
                .on("/", reply -> reply.lines("{\"session_id\": 1, \"end_session_url\": \"/end\"}", A, B));
        ReservationService service = open(at(server.uri("/")));
        assertThat(List.of(host(service), host(service))).containsExactly("a", "b");
        service.close();
        assertThat(server.count("/end")).isEqualTo(1);
        assertThat(server.count("/beat")).isZero();
    }

    @Test
    void closeWhileHostsAreBeingPreparedEndsTheSession() throws Exception {
        server.session(reply -> {
            reply.lines(A);
            never.await();
        });
        ReservationService service = open(at(server.uri("/")));
        host(service);
        Thread.currentThread().interrupt();
        service.close();
        assertThat(Thread.interrupted()).as("the interrupt status").isTrue();
        assertThat(server.count("/end")).isEqualTo(1);
    }

    @Test
    void sessionWithoutHostsIsEndedAndTheBackupIsRequested() throws Exception {
        try (ReservationServer backup = ReservationServer.open()) {
            server.session(reply -> reply.status(404));
            backup.session(reply -> reply.lines(B));
            ReservationService service = open(at(server.uri("/")).backup(backup.uri("/")));
            assertThat(host(service)).isEqualTo("b");
            assertThat(server.count("/end")).isEqualTo(1);
            service.close();
            assertThat(server.count("/end")).isEqualTo(1);
            assertThat(backup.count("/end")).isEqualTo(1);
        }
    }

    @Test
    void sessionIsEndedAfterAFailedAttempt() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        server.session(reply -> reply.lines(A))
                .on("/end", reply -> reply.status(tries.incrementAndGet() < 3 ? 503 : 200));
        ReservationService service = open(at(server.uri("/")));
        host(service);
        service.close();
        assertThat(tries).hasValue(3);
    }

    @Test
    void brokenStreamIsReopenedAndNoHostIsOfferedTwice() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        server.session(reply -> {
            reply.lines(A);
            if (tries.incrementAndGet() == 1) {
                reply.breakOff();
            }
            reply.lines(B);
        });
        ReservationService service = open(at(server.uri("/")));
        assertThat(List.of(host(service), host(service))).containsExactly("a", "b");
        end(service);
        assertThat(server.count("/")).as("requests for a session").isEqualTo(1);
        service.close();
        assertThat(server.count("/end")).isEqualTo(1);
    }

    @Test
    void receivedHostsStayInUseWhenTheServiceDies() throws Exception {
        server.session(reply -> {
            reply.lines(A);
            never.await();
        });
        try (FaultProxy proxy = FaultProxy.to(server.address())) {
            URI through = URI.create("http://localhost:" + proxy.port() + "/");
            server.on(
                    "/",
                    reply -> reply.lines("{\"session_id\": \"s\", \"start_session_url\": \"/start\","
                            + " \"heartbeat_url\": \"/beat\", \"end_session_url\": \"/end\"}"));
            ReservationService source = at(through)
                    .lostAfter(MOMENT)
                    .requestWithin(Duration.ofMillis(200))
                    .build();
            try (Logs logs = new Logs();
                    SshProvisioner provisioner = SshProvisioner.builder(
                                    source, (host, within) -> FakeConnection.obedient())
                            .build()) {
                provisioner.provision(2);
                assertThat(provisioner.take(Call.SOON)).isInstanceOfSatisfying(Offer.Ready.class, ready -> {
                    proxy.set(new Fault.Refuse(), new Fault.Reset(Fault.Direction.TO_TARGET, 0));
                    ready.remote().close();
                });
                assertThat(provisioner.take(Call.SOON))
                        .as("the second offer, of the same host")
                        .isInstanceOf(Offer.Ready.class);
                assertThat(end(source)).contains("no reservation service has more than 1 hosts");
                assertThat(logs.messages(Level.WARN)).anyMatch(text -> text.contains("a heartbeat of"));
            }
        }
    }

    @Test
    void expiredSessionGetsNoHeartbeatsAndItsHostsStay() throws Exception {
        server.session(reply -> {
            reply.lines(A);
            never.await();
        });
        server.on("/beat", reply -> reply.status(410));
        try (Logs logs = new Logs()) {
            ReservationService service = open(at(server.uri("/")));
            assertThat(host(service)).isEqualTo("a");
            server.await("/beat", 1);
            service.giveBack(Host.of("a"), true);
            assertThat(host(service)).isEqualTo("a");
            service.close();
            assertThat(server.count("/end")).isEqualTo(1);
            assertThat(logs.messages(Level.WARN).stream().filter(text -> text.contains("has expired")))
                    .hasSizeLessThanOrEqualTo(1);
        }
    }

    @Test
    void slowAnswersDoNotDelayHeartbeats() throws Exception {
        server.session(reply -> reply.lines(A)).on("/beat", reply -> {
            never.await();
        });
        ReservationService service = open(at(server.uri("/")).requestWithin(Duration.ofSeconds(5)));
        host(service);
        server.await("/beat", 20);
        assertThat(never.getCount()).isEqualTo(1);
    }

    @Test
    void backupIsRequestedWhenTheFirstServiceIsDown() throws Exception {
        server.on("/", reply -> reply.lines(A));
        try (FaultProxy proxy = FaultProxy.to(server.address())) {
            proxy.set(new Fault.Refuse());
            ReservationService service = open(
                    at(URI.create("http://localhost:" + proxy.port() + "/")).backup(server.uri("/")));
            assertThat(host(service)).isEqualTo("a");
        }
    }

    @Test
    void backupIsRequestedWhenTheFirstServiceIsSilent() throws Exception {
        server.on("/", reply -> reply.lines(A));
        try (FaultProxy proxy = FaultProxy.to(server.address())) {
            proxy.set(new Fault.Silence());
            ReservationService service = open(at(URI.create("http://localhost:" + proxy.port() + "/"))
                    .answerWithin(Duration.ofSeconds(1))
                    .backup(server.uri("/")));
            assertThat(host(service)).isEqualTo("a");
            assertThat(proxy.connections()).isEqualTo(1);
        }
    }

    @Test
    void aLateLineEndsTheAnswer() throws Exception {
        server.on("/", reply -> {
            reply.lines(A);
            never.await();
        });
        ReservationService service = open(at(server.uri("/")).hostWithin(Duration.ofSeconds(1)));
        assertThat(host(service)).isEqualTo("a");
        assertThat(end(service)).contains("nothing was received for 1000 ms");
    }

    @Test
    void slowBytesDoNotExtendTheTimeLimit() throws Exception {
        server.on("/", reply -> {
            reply.lines(A);
            while (true) {
                reply.exchange().getResponseBody().write(' ');
                reply.exchange().getResponseBody().flush();
                Thread.sleep(5);
            }
        });
        ReservationService service =
                open(at(server.uri("/")).hostWithin(Duration.ofSeconds(1)).maxAttempts(1));
        assertThat(host(service)).isEqualTo("a");
        assertThat(end(service)).contains("nothing was received for 1000 ms");
    }

    @Test
    void retryAfterIsHonoured() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        List<Long> times = new ArrayList<>();
        server.on("/", reply -> {
            times.add(System.nanoTime());
            switch (tries.incrementAndGet()) {
                case 1 -> reply.status(429, "Retry-After", "1");
                case 2 -> reply.status(503, "Retry-After", "Fri, 06 Nov 2020 08:49:37 GMT");
                default -> reply.lines(A);
            }
        });
        ReservationService service = open(at(server.uri("/")));
        assertThat(host(service)).isEqualTo("a");
        assertThat(Duration.ofNanos(times.get(1) - times.get(0))).isGreaterThanOrEqualTo(Duration.ofMillis(900));
        assertThat(tries).hasValue(3);
    }

    @Test
    void serviceWithALongRetryAfterIsGivenUp() throws Exception {
        server.on("/", reply -> reply.status(429, "Retry-After", "86400"));
        assertThat(end(open(at(server.uri("/"))))).contains("429", "Retry-After: 86400 s");
        assertThat(server.count("/")).isEqualTo(1);
    }

    @Test
    void retryAfterIsSecondsOrADate() {
        Instant now = Instant.parse("2026-11-21T08:00:00Z");
        assertThat(ReservationClient.retryAfter("120", now)).isEqualTo(Duration.ofMinutes(2));
        assertThat(ReservationClient.retryAfter("Sat, 21 Nov 2026 08:01:00 GMT", now))
                .isEqualTo(Duration.ofMinutes(1));
        assertThat(ReservationClient.retryAfter("Sat, 21 Nov 2026 07:01:00 GMT", now))
                .isZero();
        assertThat(ReservationClient.retryAfter("soon", now)).isNull();
        assertThat(ReservationClient.retryAfter("-1", now)).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404})
    void permanentErrorsAreNotRetried(int status) throws Exception {
        server.on("/", reply -> reply.status(status));
        assertThat(end(open(at(server.uri("/"))))).contains("no reservation service has a host", " answers " + status);
        assertThat(server.count("/")).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 502, 503, 408})
    void temporaryErrorsAreRetriedUpToMaxAttempts(int status) throws Exception {
        server.on("/", reply -> reply.status(status));
        assertThat(end(open(at(server.uri("/"))))).contains(" answers " + status);
        assertThat(server.count("/")).isEqualTo(3);
    }

    @Test
    void emptyAnswerContainsNoHost() throws Exception {
        server.on("/", reply -> reply.lines());
        assertThat(end(open(at(server.uri("/"))))).contains("sent no host");
    }

    @Test
    void redirectsStayWithinTheOrigin() throws Exception {
        try (ReservationServer other = ReservationServer.open()) {
            server.on("/", reply -> reply.status(307, "Location", "/moved")).on("/moved", reply -> reply.lines(A));
            ReservationService service = open(at(server.uri("/")).token(() -> "s3cret"));
            assertThat(host(service)).isEqualTo("a");
            assertThat(server.questions())
                    .containsExactly(
                            new ReservationServer.Question("/", "Bearer s3cret"),
                            new ReservationServer.Question("/moved", "Bearer s3cret"));

            server.on(
                    "/away",
                    reply -> reply.status(302, "Location", other.uri("/").toString()));
            assertThat(end(open(at(server.uri("/away"))))).contains("redirects to another origin");
            server.on("/loop", reply -> reply.status(302, "Location", "/loop"));
            assertThat(end(open(at(server.uri("/loop")).maxAttempts(1)))).contains("redirects more than 5 times");
            assertThat(other.questions()).isEmpty();
        }
    }

    @Test
    void tokenIsSentToItsOriginOnly() throws Exception {
        try (ReservationServer other = ReservationServer.open()) {
            other.session(reply -> reply.lines(A));
            server.on(
                    "/",
                    reply -> reply.lines(
                            "{\"session_id\": \"s\", \"start_session_url\": \"" + other.uri("/start") + "\"}"));
            ReservationService service = open(at(server.uri("/")).token(() -> "s3cret"));
            assertThat(host(service)).isEqualTo("a");
            assertThat(other.questions()).containsExactly(new ReservationServer.Question("/start", "null"));
        }
    }

    @Test
    void tokenIsInNoLogAndNoMessage() throws Exception {
        server.session(reply -> {
            reply.lines(A, "nonsense");
            reply.breakOff();
        });
        try (Logs logs = new Logs()) {
            ReservationService service = open(at(server.uri("/")).token(() -> "s3cret-t0ken"));
            host(service);
            assertThat(end(service)).doesNotContain("s3cret-t0ken");
            server.await("/beat", 2);
            service.close();
            assertThat(server.questions()).allMatch(question -> question.token().equals("Bearer s3cret-t0ken"));

            ReservationService broken = open(at(server.uri("/")).token(() -> "s3cret\nt0ken"));
            assertThat(end(broken)).contains("a header cannot hold").doesNotContain("s3cret");
            ReservationService failing = open(at(server.uri("/")).token(() -> {
                throw new IllegalStateException("s3cret-t0ken");
            }));
            assertThat(end(failing)).contains("IllegalStateException").doesNotContain("s3cret");
            assertThat(logs.text()).contains("reservation").doesNotContain("s3cret");
        }
    }

    @Test
    void badLinesAreSkippedAndNamed() throws Exception {
        server.on("/", reply -> reply.lines(A, "nonsense", "{\"host\": \"x\", \"port\": -1}", A, B));
        try (Logs logs = new Logs()) {
            ReservationService service = open(at(server.uri("/")));
            assertThat(List.of(host(service), host(service))).containsExactly("a", "b");
            end(service);
            assertThat(logs.messages(Level.WARN))
                    .anyMatch(text -> text.contains("line 2 is skipped: not a JSON object"))
                    .anyMatch(text -> text.contains("line 3 is skipped: not a port: '-1'"));
        }
    }

    @Test
    void limitsAreEnforced() throws Exception {
        server.on("/long", reply -> {
            reply.lines(A);
            byte[] much = new byte[10_000];
            while (true) {
                reply.exchange().getResponseBody().write(much);
            }
        });
        ReservationService service = open(at(server.uri("/long")));
        assertThat(host(service)).isEqualTo("a");
        assertThat(end(service)).contains("line 2: the line is longer than 65536 bytes");

        server.on("/many", reply -> {
            for (int i = 0; i < 10_100; i++) {
                reply.exchange();
                reply.lines("{\"host\": \"h" + i + "\"}");
            }
        });
        ReservationService many = open(at(server.uri("/many")));
        int count = 0;
        while (many.take(Call.SOON) instanceof HostSource.Next.Found) {
            count++;
        }
        assertThat(count).isEqualTo(10_000);

        server.on("/bad", reply -> {
            while (true) {
                reply.lines("nonsense");
            }
        });
        assertThat(end(open(at(server.uri("/bad"))))).contains("not an answer of a reservation service");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://a/", "a.example", "http:///x", "https://me:pw@a/"})
    void invalidAddressesAreRefused(String address) {
        assertThatThrownBy(() -> ReservationService.builder(URI.create(address)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("pw");
    }
}

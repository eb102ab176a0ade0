package org.atex.testingfarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.atex.lab.Logs;
import org.atex.testingfarm.FakeTestingFarm.Fault;
import org.atex.testkit.Call;
import org.atex.testkit.FaultProxy;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.ManualClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
@Timeout(180)
class TestingFarmApiTest {
    private static final String ONE = "/v0.1/requests/.+";
    private static final NewRequest.Access ACCESS = new NewRequest.Access(
            List.of("ssh-rsa AAAA atex"),
            List.of("192.0.2.1/32"),
            Map.of(NewRequest.RUN_TAG, "run-1"),
            Duration.ofMinutes(90));

    private FakeTestingFarm farm;
    private TestingFarmApi api;

    @BeforeAll
    static void warmUp() throws Exception {
        FakeTestingFarm.warmUp();
    }

    @BeforeEach
    void open() throws IOException {
        farm = FakeTestingFarm.open();
        api = farm.api().build();
    }

    @AfterEach
    void close() {
        api.close();
        farm.close();
    }

    private String submit() throws InterruptedException {
        return api.submit(NewRequest.reserving(Reservation.builder("Fedora-41").build(), ACCESS));
    }

    @Test
    void requestIsSubmittedReadFoundAndCancelled() throws Exception {
        String id = submit();

        FarmRequest request = api.get(id);
        assertThat(request.state()).isEqualTo(RequestState.NEW);
        assertThat(request.compose()).isEqualTo("Fedora-41");
        assertThat(request.arch()).isEqualTo("x86_64");
        assertThat(request.tags()).containsEntry("AtexRun", "run-1").containsEntry("ArtemisUseSpot", "false");
        assertThat(request.variables()).containsEntry("TF_RESERVATION_DURATION", "30");
        assertThat(request.isReservation()).isTrue();
        assertThat(request.notes()).containsExactly("dispatched as job-1");
        assertThat(request.artifacts())
                .as("artifacts before a worker has started")
                .isNull();
        assertThat(request.log()).isNull();
        assertThat(request.created())
                .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(60));

        assertThat(api.search(
                        RequestSearch.of(RequestState.NEW).ofToken("token-1").after(Instant.now())))
                .extracting(FarmRequest::id)
                .containsExactly(id);
        assertThat(api.search(RequestSearch.of(RequestState.RUNNING)))
                .as("results of a search that answers null")
                .isEmpty();

        assertThat(api.cancel(id)).isEqualTo(Cancellation.REQUESTED);
        assertThat(api.get(id).state()).isEqualTo(RequestState.CANCELED);
        assertThat(api.cancel(id)).isEqualTo(Cancellation.ALREADY_CANCELED);
        farm.setState(id, "complete");
        assertThat(api.cancel(id)).isEqualTo(Cancellation.ALREADY_OVER);
        assertThat(api.cancel("ffffffff-0000-4000-8000-000000000000")).isEqualTo(Cancellation.UNKNOWN);
    }

    @Test
    void invalidSearchResultsAreSkipped() throws Exception {
        String id = submit();
        String list = "[null, {}, {\"id\": null}, {\"id\": \"" + id + "\"}]";
        farm.fault("GET", "/v0.1/requests", new Fault.Respond(200, list));

        assertThat(api.search(RequestSearch.of(RequestState.NEW)))
                .extracting(FarmRequest::id)
                .containsExactly(id);
    }

    @Test
    void requestOfAnotherUserIsNotCancelled() {
        farm.fault("DELETE", ONE, new Fault.Respond(403, ""));

        assertThatThrownBy(() -> api.cancel("1"))
                .isInstanceOf(TestingFarmException.NotAuthorized.class)
                .hasMessageContaining("only the token that submitted it");
    }

    @Test
    void searchTimesAreInUtcWithoutZone() throws Exception {
        api.search(RequestSearch.of(RequestState.NEW)
                .after(Instant.parse("2026-11-21T10:20:30.5Z"))
                .before(Instant.parse("2026-11-21T11:00:00Z")));

        assertThat(farm.received().getLast().query())
                .isEqualTo("state=new&created_after=2026-11-21T10:20:30&created_before=2026-11-21T11:00");
    }

    @Test
    void versionIdentityAndComposesAreRead() throws Exception {
        assertThat(api.about()).isEqualTo("2026-10.1");
        assertThat(api.whoami()).isEqualTo(new Identity("token-1", "ci", "public", null, "jane"));
        assertThat(api.composes("public"))
                .contains(new Compose("Fedora-41", false))
                .anyMatch(compose -> compose.matches("RHEL-10.1-Nightly"))
                .noneMatch(compose -> compose.matches("Fedora-4"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"id\": \"1\"}",
                "{\"id\": \"1\", \"state\": null, \"run\": null, \"result\": null, \"notes\": null,"
                        + " \"environments_requested\": null, \"created\": null}",
                "{\"id\": \"1\", \"state\": \"dreaming\", \"run\": {\"artifacts\": null}, \"result\": {},"
                        + " \"environments_requested\": [], \"created\": \"yesterday\", \"notes\": [null, {}]}",
                "{\"id\": \"1\", \"run\": {\"artifacts\": \"not an address\"}, \"result\": \"odd\","
                        + " \"environments_requested\": [{\"os\": null, \"settings\": {\"provisioning\": {\"tags\": 7}}}]}"
            })
    void missingValuesAreNullOrEmpty(String body) throws Exception {
        farm.fault("GET", ONE, new Fault.Respond(200, body));

        FarmRequest request = api.get("1");
        assertThat(request.state()).isEqualTo(RequestState.UNKNOWN);
        assertThat(request.artifacts()).isNull();
        assertThat(request.tags()).isEmpty();
        assertThat(request.compose()).isNull();
        assertThat(request.created()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "<html>", "{\"id\": 1", "{\"id\": {}}", "{\"id\": \"../../x\"}"})
    void unparsableResponseIsUnavailable(String body) {
        farm.fault("GET", ONE, new Fault.Respond(200, body));

        assertThatThrownBy(() -> api.get("1", Duration.ZERO))
                .isInstanceOf(TestingFarmException.Unavailable.class)
                .hasMessageStartingWith("could not get the request 1 at " + farm.uri() + ": ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "400; {\"message\": \"no such compose\"}; Rejected; no such compose",
                "400; {\"code\": 4, \"message\": \"odd\"}; Rejected; odd",
                "422; {\"detail\": [{\"loc\": [\"body\", \"x\"], \"msg\": \"bad\"}]}; Rejected; body.x: bad",
                "422; {\"detail\": \"wrong\"}; Rejected; wrong",
                "413; plain words; Rejected; plain words",
                "401; {\"message\": \"Not authorized to perform this action\"}; NotAuthorized; Not authorized",
                "401; {\"message\": \"Token has expired\"}; NotAuthorized; expired",
                "403; ''; NotAuthorized; answered 403",
                "404; {\"detail\": \"Not Found\"}; NotFound; Not Found",
                "409; ''; Gone; answered 409",
                "410; ''; Gone; answered 410",
                "502; <html><h1>Bad Gateway</h1>; Unavailable; answered 502",
                "503; ''; Unavailable; answered 503",
                "429; {\"message\": \"slow down\"}; Unavailable; slow down",
                "599; ''; Unavailable; answered 599"
            })
    void errorsAreTypedAndQuoteTheService(int status, String body, String type, String words) {
        farm.fault("GET", ".*/about", new Fault.Respond(status, body));

        try (TestingFarmApi once = farm.api().retryWithin(Duration.ZERO).build()) {
            TestingFarmException e = catchThrowableOfType(TestingFarmException.class, once::about);
            assertThat(e.getClass().getSimpleName()).isEqualTo(type);
            assertThat(e)
                    .hasMessageStartingWith(
                            "could not get the service's version at " + farm.uri() + ": the service answered " + status)
                    .hasMessageContaining(words);
            assertThat(e.getMessage()).doesNotContain("<", "\n");
        }
    }

    @Test
    void expiredTokenDiffersFromWrongOne() {
        farm.fault("GET", ".*/whoami", new Fault.Respond(401, "{\"message\": \"Token has expired\"}"));

        assertThat(catchThrowableOfType(TestingFarmException.NotAuthorized.class, api::whoami)
                        .isExpired())
                .isTrue();
        try (TestingFarmApi wrong = farm.api().token(() -> "wrong").build()) {
            assertThat(catchThrowableOfType(TestingFarmException.NotAuthorized.class, wrong::whoami)
                            .isExpired())
                    .isFalse();
        }
    }

    @Test
    void tokenIsSuppliedForEachRequestAndNeverShown() throws Exception {
        AtomicReference<String> token = new AtomicReference<>("old-secret");
        try (Logs logs = new Logs();
                TestingFarmApi own = farm.api().token(token::get).build()) {
            farm.fault("GET", ".*/whoami", new Fault.Respond(400, "{\"message\": \"unknown token old-secret\"}"));
            assertThatThrownBy(own::whoami).hasMessageContaining("(hidden)").hasMessageNotContaining("old-secret");
            token.set(" " + FakeTestingFarm.TOKEN + "\n");
            assertThat(own.whoami().tokenName()).isEqualTo("ci");
            token.set("two words");
            assertThatThrownBy(own::whoami).hasMessageNotContaining("two words");
            token.set(null);
            assertThatThrownBy(own::whoami).hasMessageContaining("TESTING_FARM_API_TOKEN");
            assertThat(logs.text()).doesNotContain("old-secret", FakeTestingFarm.TOKEN, "two words");
        }
    }

    @Test
    void failureOfTokenSupplierIsNotQuoted() {
        try (TestingFarmApi own = farm.api()
                .token(() -> {
                    throw new IllegalStateException("vault says hunter2");
                })
                .build()) {
            assertThatThrownBy(own::whoami)
                    .isInstanceOf(TestingFarmException.NotAuthorized.class)
                    .hasMessageContaining("IllegalStateException")
                    .hasMessageNotContaining("hunter2");
        }
    }

    @Test
    void requestOfAnotherUserIsReadWithoutToken() throws Exception {
        String id = submit();
        try (TestingFarmApi other = farm.api().token(() -> "of-another-user").build()) {
            assertThat(other.get(id).id()).isEqualTo(id);
        }
        assertThat(farm.received().getLast().token()).isEmpty();
    }

    @Test
    void readsAreRetried() throws Exception {
        farm.fault("GET", ".*/about", new Fault.Respond(502, "<html>Bad Gateway</html>"))
                .fault("GET", ".*/about", new Fault.LoseResponse())
                .fault("GET", ".*/about", new Fault.Respond(429, ""));

        assertThat(api.about()).isEqualTo("2026-10.1");
        assertThat(farm.count("GET", ".*/about")).isEqualTo(4);
    }

    @Test
    void retryAfterIsObserved() throws Exception {
        ManualClock clock = ManualClock.at(Instant.EPOCH);
        farm.fault("GET", ".*/about", new Fault.Respond(429, "", "Retry-After", "40"));
        try (TestingFarmApi waiting = farm.api().time(clock, clock::sleep).build()) {
            Call<String> call = Call.of(waiting::about);
            clock.awaitSleepers(1);
            clock.advance(Duration.ofSeconds(39));
            assertThat(farm.count("GET", ".*/about")).isOne();
            clock.advance(Duration.ofSeconds(1));
            assertThat(call.result()).isEqualTo("2026-10.1");
        }
    }

    @Test
    void retryAfterBeyondTheLimitIsNotAwaited() {
        farm.fault("GET", ".*/about", new Fault.Respond(503, "", "Retry-After", "3600"));

        assertThat(catchThrowableOfType(TestingFarmException.Unavailable.class, api::about)
                        .retryAfter())
                .isEqualTo(Duration.ofHours(1));
    }

    @Test
    void submissionIsNotRepeatedWhenItsResponseIsLost() {
        farm.fault("POST", ".*", new Fault.LoseResponse());

        TestingFarmException.Unavailable e = catchThrowableOfType(TestingFarmException.Unavailable.class, this::submit);
        assertThat(e.mayHaveTakenEffect()).isTrue();
        assertThat(farm.requests()).hasSize(1);
    }

    @Test
    void submissionIsRepeatedAfterStatus429() throws Exception {
        farm.fault("POST", ".*", new Fault.Respond(429, "", "Retry-After", "1"));

        submit();
        assertThat(farm.requests()).hasSize(1);
        assertThat(farm.count("POST", ".*")).isEqualTo(2);
    }

    @Test
    void unreachableServiceIsNamedAndSubmissionHadNoEffect() throws Exception {
        // A port that was just closed may be taken by another process, so a proxy refuses the connections.
        try (FaultProxy refusing = FaultProxy.to("127.0.0.1", 9)) {
            refusing.set(new org.atex.testkit.Fault.Refuse());
            URI address = URI.create("http://" + refusing.host() + ":" + refusing.port());
            api.close();
            api = TestingFarmApi.builder(address)
                    .token(() -> "token")
                    .time(Clock.systemUTC(), duration -> Thread.sleep(duration.dividedBy(1000)))
                    .build();

            TestingFarmException.Unavailable e =
                    catchThrowableOfType(TestingFarmException.Unavailable.class, this::submit);
            assertThat(e).hasMessageContaining(address.toString()).hasMessageContaining("refused");
            assertThat(e.mayHaveTakenEffect()).isFalse();
        }
    }

    @Test
    void responseTimeIsLimited() {
        farm.fault("GET", ".*/about", new Fault.Delay(5000));
        try (TestingFarmApi impatient = farm.api()
                .answerWithin(Duration.ofMillis(50))
                .retryWithin(Duration.ZERO)
                .build()) {
            assertThatThrownBy(impatient::about).hasMessageEndingWith("no response within 50 ms");
        }
    }

    @Test
    void interruptEndsACallAtOnce() throws Exception {
        farm.fault("GET", ".*/about", new Fault.Delay(20_000));
        Call<String> call = Call.of(api::about);
        farm.await("the request is received", it -> it.count("GET", ".*/about") == 1);

        assertThat(call.interrupt().failure()).isInstanceOf(InterruptedException.class);
    }

    @Test
    void versionInAddressIsOptional() {
        for (String address : List.of("", "/", "/v0.1", "/v0.1/")) {
            try (TestingFarmApi other =
                    TestingFarmApi.builder(URI.create(farm.uri() + address)).build()) {
                assertThat(other.address("1")).isEqualTo(URI.create(farm.uri() + "/v0.1/requests/1"));
            }
        }
        assertThatThrownBy(() -> TestingFarmApi.builder(URI.create("https://me:pass@a.example")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("pass@");
        assertThatThrownBy(() -> TestingFarmApi.builder(URI.create("ftp://a.example")))
                .hasMessageContaining("expected an address such as https://api.testing-farm.io");
    }

    @Test
    void invalidIdsAreRefused() {
        assertThatThrownBy(() -> api.get("../whoami"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'../whoami'");
        assertThatThrownBy(() -> api.composes("a/b")).isInstanceOf(IllegalArgumentException.class);
        assertThat(farm.received()).isEmpty();
    }
}

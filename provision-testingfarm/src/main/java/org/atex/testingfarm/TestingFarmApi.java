package org.atex.testingfarm;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.StringEntity;
import org.atex.http.HttpExchanges;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A client of Testing Farm's REST API, version 0.1: identifies the token, lists composes, submits, reads, cancels and
 * searches requests. Each method is one HTTP request. Requests without side effects and cancellations are retried with
 * growing pauses for the time that {@link Builder#retryWithin} sets. A submission is not
 * repeated: search for its tag first, as {@link TestingFarmProvisioner} does.
 *
 * <p>Any part of a response may be missing; the client then returns null or an empty collection for it. Errors are
 * {@link TestingFarmException}s that quote the service's message.
 *
 * <p>Lifecycle: usable after {@link Builder#build}; {@link #close()} closes its connections and ends calls in progress.
 *
 * <p>Thread safety: thread-safe. Interruption ends a call at once; an interrupted submission may still have taken
 * effect.
 */
public final class TestingFarmApi implements AutoCloseable {
    /** The address of the public service. */
    public static final URI SERVICE = URI.create("https://api.testing-farm.io");

    private static final int MAX_BYTES = 64 << 20;
    private static final Duration MAX_PAUSE = Duration.ofMinutes(2);

    /**
     * Connections in addition to those of the poller, so that submissions and cancellations never wait for polls that
     * hang.
     */
    private static final int NON_POLL_CONNECTIONS = 16;

    private final URI service;
    private final @Nullable Supplier<@Nullable String> token;
    private final Duration answerWithin;
    private final Duration retryWithin;
    private final Clock clock;
    private final Sleeper sleeper;
    private final HttpExchanges http;
    private final FarmJson json = new FarmJson();

    private TestingFarmApi(Builder settings) {
        this.service = settings.service;
        this.token = settings.token;
        this.answerWithin = settings.answerWithin;
        this.retryWithin = settings.retryWithin;
        this.clock = settings.clock;
        this.sleeper = settings.sleeper;
        this.http = http(settings.tls);
    }

    /**
     * {@return a builder of clients}
     *
     * @param service the address of the service, such as {@link #SERVICE}; a trailing {@code /v0.1} is ignored
     * @throws IllegalArgumentException if it is not an http or https address, or has user info or a query
     */
    public static Builder builder(URI service) {
        return new Builder(service);
    }

    /**
     * {@return a builder of clients for the service in {@code TESTING_FARM_API_URL}, by default {@link #SERVICE}, with
     * the token in {@code TESTING_FARM_API_TOKEN}}
     *
     * @throws IllegalArgumentException if {@code TESTING_FARM_API_URL} is not a valid address
     */
    public static Builder builder() {
        String url = System.getenv("TESTING_FARM_API_URL");
        URI service;
        try {
            service = url == null || url.isBlank() ? SERVICE : URI.create(url.strip());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("TESTING_FARM_API_URL is not a valid address: " + e.getMessage(), e);
        }
        return builder(service).token(() -> System.getenv("TESTING_FARM_API_TOKEN"));
    }

    /** {@return the address of the service, without an API version} */
    public URI service() {
        return service;
    }

    /**
     * {@return the address of a request in the API}
     *
     * @param id the id of the request
     */
    public URI address(String id) {
        return uri("/v0.1/requests/" + checkId(id));
    }

    /**
     * {@return the version of the service, or {@code unknown}} This is the cheapest check that the service answers.
     *
     * @throws TestingFarmException if the service does not response as expected
     * @throws InterruptedException if interrupted
     */
    public String about() throws InterruptedException {
        JsonNode about = get("get the service's version", uri("/v0.1/about"), Authentication.NONE, retryWithin);
        String version = FarmJson.text(about, "version");
        return version == null ? "unknown" : version;
    }

    /**
     * {@return the identity of the token}
     *
     * @throws TestingFarmException if the token is missing or refused, or the service does not response as expected
     * @throws InterruptedException if interrupted
     */
    public Identity whoami() throws InterruptedException {
        return json.identity(get("identify the token", uri("/v0.1/whoami"), Authentication.REQUIRED, retryWithin));
    }

    /**
     * {@return the composes that can be requested}
     *
     * @param ranch {@code public} or {@code redhat}
     * @throws TestingFarmException if the service does not response as expected
     * @throws InterruptedException if interrupted
     */
    public List<Compose> composes(String ranch) throws InterruptedException {
        if (!ranch.matches("[A-Za-z0-9-]+")) {
            throw new IllegalArgumentException("not a ranch: '" + ranch + "'; expected public or redhat");
        }
        return json.composes(get(
                "list the composes of " + ranch, uri("/v0.2/composes/" + ranch), Authentication.OPTIONAL, retryWithin));
    }

    /**
     * Submits a request. It is sent again only if the service is known not to have accepted it, for example after
     * status 429.
     *
     * @param request the request
     * @return its id
     * @throws TestingFarmException.Unavailable if there was no usable response; {@code mayHaveTakenEffect} says whether
     *     the request may exist nevertheless
     * @throws TestingFarmException if the service rejects the request
     * @throws InterruptedException if interrupted; the request may exist nevertheless
     */
    public String submit(NewRequest request) throws InterruptedException {
        return submit(request, retryWithin);
    }

    String submit(NewRequest request, Duration within) throws InterruptedException {
        String action = "submit a request";
        URI uri = uri("/v0.1/requests");
        HttpExchanges.Response response = sendWithRetries(
                () -> sendOnce(action, new ApiRequest("POST", uri, Authentication.REQUIRED, request.json())),
                within,
                e -> !e.mayHaveTakenEffect());
        String id = FarmJson.text(read(action, uri, response), "id");
        if (id == null || !id.matches("[A-Za-z0-9-]{1,64}")) {
            throw new TestingFarmException.Unavailable(
                    failurePrefix(action, uri) + "the response has no request id", true, null, null);
        }
        return id;
    }

    /**
     * {@return the current description of a request} The service hides the secrets of requests of other users.
     *
     * @param id the id of the request
     * @throws TestingFarmException if the service does not return it
     * @throws InterruptedException if interrupted
     */
    public FarmRequest get(String id) throws InterruptedException {
        return get(id, retryWithin);
    }

    /** As {@link #get(String)}, with another time limit for retries; zero sends it once. */
    FarmRequest get(String id, Duration within) throws InterruptedException {
        URI uri = address(id);
        String action = "get the request " + id;
        try {
            return parse(action, uri, json::request, get(action, uri, Authentication.OPTIONAL, within));
        } catch (TestingFarmException.NotAuthorized e) {
            if (e.isExpired() || token() == null) {
                throw e;
            }
            // Requests of other users are readable without a token, but the service answers 403 to a token that does
            // not own them.
            return parse(action, uri, json::request, get(action, uri, Authentication.NONE, within));
        }
    }

    /**
     * Requests the cancellation of a request. The service cancels asynchronously: poll {@link #get} until the request
     * is {@link RequestState#CANCELED}.
     *
     * @param id the id of the request
     * @return the effect of the call
     * @throws TestingFarmException if the token may not cancel it, or the service does not response as expected
     * @throws InterruptedException if interrupted
     */
    public Cancellation cancel(String id) throws InterruptedException {
        return cancel(id, retryWithin);
    }

    Cancellation cancel(String id, Duration within) throws InterruptedException {
        URI uri = address(id);
        String action = "cancel the request " + id;
        try {
            HttpExchanges.Response response = sendWithRetries(
                    () -> sendOnce(action, new ApiRequest("DELETE", uri, Authentication.REQUIRED, null)),
                    within,
                    e -> true);
            return response.status() == 204 ? Cancellation.ALREADY_CANCELED : Cancellation.REQUESTED;
        } catch (TestingFarmException.Gone e) {
            return Cancellation.ALREADY_OVER;
        } catch (TestingFarmException.NotFound e) {
            return Cancellation.UNKNOWN;
        }
    }

    /**
     * {@return the requests that match a search, in the order of the service}
     *
     * @param search the search
     * @throws TestingFarmException if the service does not response as expected
     * @throws InterruptedException if interrupted
     */
    public List<FarmRequest> search(RequestSearch search) throws InterruptedException {
        List<String> query = new ArrayList<>();
        query.add("state=" + search.state().word());
        if (search.tokenId() != null) {
            query.add("token_id=" + URLEncoder.encode(search.tokenId(), StandardCharsets.UTF_8));
        }
        if (search.createdAfter() != null) {
            query.add("created_after=" + time(search.createdAfter()));
        }
        if (search.createdBefore() != null) {
            query.add("created_before=" + time(search.createdBefore()));
        }
        URI uri = uri("/v0.1/requests?" + String.join("&", query));
        String action = "search for requests that are " + search.state().word();
        return parse(action, uri, json::requests, get(action, uri, Authentication.OPTIONAL, retryWithin));
    }

    /** Formats a time without a zone, which the service reads as UTC. */
    private static String time(Instant when) {
        LocalDateTime utc = LocalDateTime.ofInstant(when.truncatedTo(ChronoUnit.SECONDS), ZoneOffset.UTC);
        return URLEncoder.encode(utc.toString(), StandardCharsets.UTF_8);
    }

    /**
     * Reads a log from a byte offset on, for {@link PipelineLog}. Sends no token: the artifacts are public, and may be
     * on another host.
     */
    HttpExchanges.Response readRange(URI log, long from, int maxBytes) throws IOException, InterruptedException {
        return http.send(
                HttpExchanges.Request.get(log, Map.of("Range", "bytes=" + from + "-"), maxBytes), answerWithin);
    }

    /** {@return a shell command that cancels a request; it takes the token from the environment} */
    String cancelCommand(String id) {
        return "curl -X DELETE -H \"Authorization: Bearer $TESTING_FARM_API_TOKEN\" " + address(id);
    }

    private enum Authentication {
        /** Fails without a token. */
        REQUIRED,
        /** Sends the token if there is one. */
        OPTIONAL,
        /** Sends no token. */
        NONE
    }

    private record ApiRequest(
            String method,
            URI uri,
            Authentication authentication,
            @Nullable String body) {}

    private interface Attempt {
        HttpExchanges.Response send() throws InterruptedException;
    }

    private interface RetryCondition {
        // A submission is repeated only if it cannot have taken effect; all other calls always are.
        boolean allowsRetry(TestingFarmException.Unavailable e);
    }

    private JsonNode get(String action, URI uri, Authentication authentication, Duration within)
            throws InterruptedException {
        return read(
                action,
                uri,
                sendWithRetries(
                        () -> sendOnce(action, new ApiRequest("GET", uri, authentication, null)), within, e -> true));
    }

    private HttpExchanges.Response sendWithRetries(Attempt attempt, Duration within, RetryCondition condition)
            throws InterruptedException {
        Instant end = clock.instant().plus(within);
        Duration next = Duration.ofSeconds(1);
        while (true) {
            try {
                return attempt.send();
            } catch (TestingFarmException.Unavailable e) {
                // A Retry-After header lengthens a pause, but never shortens it.
                Duration asked = e.retryAfter();
                Duration wait = asked == null || asked.compareTo(next) < 0 ? next : asked;
                if (!condition.allowsRetry(e) || clock.instant().plus(wait).isAfter(end)) {
                    throw e;
                }
                sleeper.sleep(wait);
                next = next.multipliedBy(2).compareTo(MAX_PAUSE) < 0 ? next.multipliedBy(2) : MAX_PAUSE;
            }
        }
    }

    /** {@return a client for this API, or others beside it} */
    static HttpExchanges http(@Nullable SSLContext tls) {
        int connections = RunContext.MAX_CONCURRENT_POLLS + NON_POLL_CONNECTIONS;
        return new HttpExchanges(tls, connections, 2 * connections);
    }

    private static @Nullable HttpEntity json(@Nullable String text) {
        return text == null ? null : new StringEntity(text, ContentType.APPLICATION_JSON);
    }

    private HttpExchanges.Response sendOnce(String action, ApiRequest request) throws InterruptedException {
        String sent = request.authentication() == Authentication.NONE ? null : token();
        if (sent == null && request.authentication() == Authentication.REQUIRED) {
            throw new TestingFarmException.NotAuthorized(
                    failurePrefix(action, request.uri())
                            + "there is no token; set TESTING_FARM_API_TOKEN, or give a supplier",
                    false);
        }
        Map<String, String> headers = sent == null
                ? Map.of("Accept", "application/json")
                : Map.of("Accept", "application/json", "Authorization", "Bearer " + sent);
        HttpExchanges.Response response;
        try {
            response = http.send(
                    new HttpExchanges.Request(
                            request.method(), request.uri(), headers, json(request.body()), MAX_BYTES),
                    answerWithin);
        } catch (IOException e) {
            throw new TestingFarmException.Unavailable(
                    failurePrefix(action, request.uri()) + HttpExchanges.reason(e),
                    HttpExchanges.mayHaveArrived(e),
                    null,
                    e);
        }
        if (response.status() / 100 == 2) {
            return response;
        }
        throw failure(failurePrefix(action, request.uri()), response, sent);
    }

    private TestingFarmException failure(String prefix, HttpExchanges.Response response, @Nullable String sent) {
        int status = response.status();
        String raw = json.errorMessage(response.text());
        // An error may quote the token that it refuses.
        String message = sent == null ? raw : new Redaction(List.of(sent)).redact(raw);
        String full = prefix + "the service answered " + status + (message.isEmpty() ? "" : ": " + message);
        return switch (status) {
            case 401 ->
                new TestingFarmException.NotAuthorized(
                        full + "; renew the token, or set another one", message.contains("expired"));
            case 403 ->
                new TestingFarmException.NotAuthorized(
                        full + "; only the token that submitted it, or an administrator's, may do that", false);
            case 404 -> new TestingFarmException.NotFound(full);
            // The response to the cancellation of a request that is already over.
            case 409, 410 -> new TestingFarmException.Gone(full);
            // Status 429 is the only one of these that proves that the request had no effect.
            case 408, 425, 429, 500, 502, 503, 504 ->
                new TestingFarmException.Unavailable(full, status != 429, response.retryAfter(clock.instant()), null);
            default ->
                status >= 500
                        ? new TestingFarmException.Unavailable(full, true, null, null)
                        : new TestingFarmException.Rejected(full, message);
        };
    }

    private @Nullable String token() {
        String text = token == null ? null : callSupplier(token);
        if (text == null || text.isBlank()) {
            return null;
        }
        String stripped = text.strip();
        // Such a header would be refused with an exception that quotes the token.
        if (stripped.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw new TestingFarmException.NotAuthorized(
                    "the token for " + service
                            + " has characters that an HTTP header cannot carry:"
                            + " check that it is the whole token and nothing else",
                    false);
        }
        return stripped;
    }

    private @Nullable String callSupplier(Supplier<@Nullable String> supplier) {
        try {
            return supplier.get();
        } catch (RuntimeException e) {
            // The supplier's own message may contain the token, so it is neither quoted nor kept as the cause.
            throw new TestingFarmException.NotAuthorized(
                    "the supplier of the token for " + service + " failed with "
                            + e.getClass().getName(),
                    false);
        }
    }

    private JsonNode read(String action, URI uri, HttpExchanges.Response response) {
        return parse(action, uri, json::parse, response.text());
    }

    private static <T, R> R parse(String action, URI uri, Function<T, R> parser, T from) {
        try {
            return parser.apply(from);
        } catch (IllegalArgumentException e) {
            throw new TestingFarmException.Unavailable(
                    failurePrefix(action, uri) + "the response cannot be parsed: " + e.getMessage(), true, null, e);
        }
    }

    private static String failurePrefix(String action, URI uri) {
        return "could not " + action + " at " + uri.getScheme() + "://" + uri.getRawAuthority() + ": ";
    }

    private static String checkId(String id) {
        if (!id.matches("[A-Za-z0-9-]{1,64}")) {
            throw new IllegalArgumentException("not the id of a request: '" + Redaction.singleLine(id)
                    + "'; expected an id such as 3c9c1b4e-0000-4000-8000-1a2b3c4d5e6f");
        }
        return id;
    }

    private URI uri(String path) {
        return URI.create(service + path);
    }

    @Override
    public void close() {
        http.close();
    }

    /** Builds {@link TestingFarmApi} clients. Not thread-safe. */
    public static final class Builder {
        private final URI service;
        private @Nullable Supplier<@Nullable String> token;
        private Duration answerWithin = Duration.ofSeconds(30);
        private Duration retryWithin = Duration.ofMinutes(2);
        private @Nullable SSLContext tls;
        private Clock clock = Clock.systemUTC();
        private Sleeper sleeper = Thread::sleep;

        private Builder(URI service) {
            String scheme = service.getScheme();
            if (!"http".equals(scheme) && !"https".equals(scheme)
                    || service.getHost() == null
                    || service.getRawUserInfo() != null
                    || service.getRawQuery() != null) {
                throw new IllegalArgumentException("not an address of Testing Farm: " + scheme + "://"
                        + service.getHost() + "; expected an address such as " + SERVICE + ", without a password");
            }
            this.service = URI.create(service.toString().replaceFirst("(/v0\\.\\d+)?/*$", ""));
        }

        /**
         * Sets the supplier of the token. It is called before each request that is authenticated, so that a renewed
         * token takes effect at once. The token is sent to the service only, and appears in no log or message.
         *
         * @param supplier returns the token, or null without one
         * @return this
         */
        public Builder token(Supplier<@Nullable String> supplier) {
            token = supplier;
            return this;
        }

        /**
         * Sets the time limit of one HTTP exchange; 30 seconds by default.
         *
         * @param limit the limit
         * @return this
         */
        public Builder answerWithin(Duration limit) {
            answerWithin = Arguments.positive(limit, "answerWithin");
            return this;
        }

        /**
         * Sets for how long a call is retried while the service does not work; 2 minutes by default.
         *
         * @param limit the limit; zero sends each request once
         * @return this
         */
        public Builder retryWithin(Duration limit) {
            if (limit.isNegative()) {
                throw new IllegalArgumentException("retryWithin must be zero or more, not " + limit);
            }
            retryWithin = limit;
            return this;
        }

        /**
         * Sets the TLS context that decides which certificates are trusted; Java's default context by default. Host
         * names are verified in any case.
         *
         * @param context the context
         * @return this
         */
        public Builder tls(SSLContext context) {
            tls = context;
            return this;
        }

        /** Sets the clock, and the sleeper that pauses between two attempts. */
        Builder time(Clock now, Sleeper wait) {
            clock = now;
            sleeper = wait;
            return this;
        }

        /** {@return a client with these settings} It connects with the first call. */
        public TestingFarmApi build() {
            return new TestingFarmApi(this);
        }
    }
}

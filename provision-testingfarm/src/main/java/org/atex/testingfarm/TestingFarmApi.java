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
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The REST API of Testing Farm, version 0.1: who am I, what is there, submit, look, cancel, search. Each method is one
 * question; what can be asked again without harm is, after pauses that grow, for the time that {@link Builder#retryWithin} sets.
 * A submission is not: whoever submits looks for its tag first, as {@link TestingFarmProvisioner} does.
 *
 * <p>Whatever the service says may lack any part; this client takes it as it comes. What it cannot do is one of the
 * {@link TestingFarmException}s, with the words of the service.
 *
 * <p>Lifecycle: usable when it is opened; {@link #close()} ends its connections, and questions that wait with them.
 *
 * <p>Thread safety: every method may be called from any thread. Interruption ends a question at once; a submission may then
 * have taken effect.
 */
public final class TestingFarmApi implements AutoCloseable {
    /** Where the public service is. */
    public static final URI SERVICE = URI.create("https://api.testing-farm.io");

    private static final int MOST_BYTES = 64 << 20;
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(2);

    private final URI service;
    private final @Nullable Supplier<@Nullable String> token;
    private final Duration answerWithin;
    private final Duration retryWithin;
    private final Clock clock;
    private final Pause pause;
    private final FarmHttp http;
    private final FarmJson json = new FarmJson();

    private TestingFarmApi(Builder settings) {
        this.service = settings.service;
        this.token = settings.token;
        this.answerWithin = settings.answerWithin;
        this.retryWithin = settings.retryWithin;
        this.clock = settings.clock;
        this.pause = settings.pause;
        this.http = new FarmHttp(settings.tls);
    }

    /**
     * {@return a builder of clients}
     *
     * @param service where it is, such as {@link #SERVICE}; {@code /v0.1} at its end is as good as none
     * @throws IllegalArgumentException if it is no such address
     */
    public static Builder builder(URI service) {
        return new Builder(service);
    }

    /**
     * {@return a builder of clients for what the environment names: {@code TESTING_FARM_API_URL}, or else {@link #SERVICE},
     * with {@code TESTING_FARM_API_TOKEN}}
     *
     * @throws IllegalArgumentException if the address is none
     */
    public static Builder builder() {
        String url = System.getenv("TESTING_FARM_API_URL");
        URI service;
        try {
            service = url == null || url.isBlank() ? SERVICE : URI.create(url.strip());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("TESTING_FARM_API_URL is no address: " + e.getMessage(), e);
        }
        return builder(service).token(() -> System.getenv("TESTING_FARM_API_TOKEN"));
    }

    /** {@return where the service is, without a version} */
    public URI service() {
        return service;
    }

    /**
     * {@return where one can look at a request}
     *
     * @param id its id
     */
    public URI address(String id) {
        return uri("/v0.1/requests/" + checked(id));
    }

    /**
     * {@return the version of the service, or {@code unknown}: the cheapest way to see whether it is there}
     *
     * @throws TestingFarmException if it does not say
     * @throws InterruptedException if interrupted
     */
    public String about() throws InterruptedException {
        JsonNode about = get("ask what it is", uri("/v0.1/about"), Who.NOBODY, retryWithin);
        String version = FarmJson.text(about, "version");
        return version == null ? "unknown" : version;
    }

    /**
     * {@return who the token belongs to}
     *
     * @throws TestingFarmException if the service does not say
     * @throws InterruptedException if interrupted
     */
    public Identity whoami() throws InterruptedException {
        return json.identity(get("ask who we are", uri("/v0.1/whoami"), Who.OWNER, retryWithin));
    }

    /**
     * {@return what can be asked for}
     *
     * @param ranch {@code public} or {@code redhat}
     * @throws TestingFarmException if the service does not say
     * @throws InterruptedException if interrupted
     */
    public List<Compose> composes(String ranch) throws InterruptedException {
        if (!ranch.matches("[A-Za-z0-9-]+")) {
            throw new IllegalArgumentException("not a ranch: '" + ranch + "'; expected public or redhat");
        }
        return json.composes(
                get("list the composes of " + ranch, uri("/v0.2/composes/" + ranch), Who.ANYBODY, retryWithin));
    }

    /**
     * Submits a request, once; only when the service says that it has too much to do is that done again.
     *
     * @param request what is wanted
     * @return its id
     * @throws TestingFarmException.Unavailable if there was no answer; {@code mayHaveTakenEffect} says whether there may be a
     *     request all the same
     * @throws TestingFarmException if the service does not take it
     * @throws InterruptedException if interrupted; there may be a request all the same
     */
    public String submit(NewRequest request) throws InterruptedException {
        return submit(request, retryWithin);
    }

    String submit(NewRequest request, Duration within) throws InterruptedException {
        String doing = "submit a request";
        URI uri = uri("/v0.1/requests");
        FarmHttp.Answer answer = repeat(
                () -> once(doing, new Ask("POST", uri, Who.OWNER, request.json())),
                within,
                e -> !e.mayHaveTakenEffect());
        String id = FarmJson.text(read(doing, uri, answer), "id");
        if (id == null || !id.matches("[A-Za-z0-9-]{1,64}")) {
            throw new TestingFarmException.Unavailable(
                    could(doing, uri) + "it did not say the request's id", true, null, null);
        }
        return id;
    }

    /**
     * {@return what the service says of a request}; secrets are hidden in requests of others
     *
     * @param id its id
     * @throws TestingFarmException if it says nothing
     * @throws InterruptedException if interrupted
     */
    public FarmRequest get(String id) throws InterruptedException {
        return get(id, retryWithin);
    }

    /** As {@link #get(String)}, with another time limit for retries; zero asks once. */
    FarmRequest get(String id, Duration within) throws InterruptedException {
        URI uri = address(id);
        String doing = "look at the request " + id;
        try {
            return parsed(doing, uri, json::request, get(doing, uri, Who.ANYBODY, within));
        } catch (TestingFarmException.NotAuthorized e) {
            if (e.isExpired() || token() == null) {
                throw e;
            }
            // Of somebody else's request a token is told less than nobody is.
            return parsed(doing, uri, json::request, get(doing, uri, Who.NOBODY, within));
        }
    }

    /**
     * Asks to cancel a request. That takes the service a while: {@link #get} says when it is done.
     *
     * @param id its id
     * @return what became of it
     * @throws TestingFarmException if it is not ours to cancel, or the service cannot be reached
     * @throws InterruptedException if interrupted
     */
    public Cancellation cancel(String id) throws InterruptedException {
        return cancel(id, retryWithin);
    }

    Cancellation cancel(String id, Duration within) throws InterruptedException {
        URI uri = address(id);
        String doing = "cancel the request " + id;
        try {
            FarmHttp.Answer answer =
                    repeat(() -> once(doing, new Ask("DELETE", uri, Who.OWNER, null)), within, e -> true);
            return answer.status() == 204 ? Cancellation.ALREADY_CANCELED : Cancellation.REQUESTED;
        } catch (TestingFarmException.Gone e) {
            return Cancellation.ALREADY_OVER;
        } catch (TestingFarmException.NotFound e) {
            return Cancellation.UNKNOWN;
        }
    }

    /**
     * {@return requests that a search finds, in the order of the service}
     *
     * @param search which
     * @throws TestingFarmException if the service does not say
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
        String doing = "search for requests that are " + search.state().word();
        return parsed(doing, uri, json::requests, get(doing, uri, Who.ANYBODY, retryWithin));
    }

    /** The service takes times without a zone as UTC. */
    private static String time(Instant when) {
        LocalDateTime utc = LocalDateTime.ofInstant(when.truncatedTo(ChronoUnit.SECONDS), ZoneOffset.UTC);
        return URLEncoder.encode(utc.toString(), StandardCharsets.UTF_8);
    }

    /** The part of a log from some byte on, as the server has it: see {@link PipelineLog}. Asked without a token. */
    FarmHttp.Answer range(URI log, long from, int mostBytes) throws IOException, InterruptedException {
        return http.ask(FarmHttp.Question.get(log, Map.of("Range", "bytes=" + from + "-"), mostBytes), answerWithin);
    }

    /** {@return a command with which a person cancels a request; the shell fills in the token} */
    String cancelCommand(String id) {
        return "curl -X DELETE -H \"Authorization: Bearer $TESTING_FARM_API_TOKEN\" " + address(id);
    }

    private enum Who {
        /** The token must be there. */
        OWNER,
        /** The token is sent if there is one. */
        ANYBODY,
        /** The token is not sent. */
        NOBODY
    }

    private record Ask(
            String method, URI uri, Who who, @Nullable String body) {}

    private interface Attempt {
        FarmHttp.Answer make() throws InterruptedException;
    }

    private interface Again {
        boolean isWorthIt(TestingFarmException.Unavailable e);
    }

    private JsonNode get(String doing, URI uri, Who who, Duration within) throws InterruptedException {
        return read(doing, uri, repeat(() -> once(doing, new Ask("GET", uri, who, null)), within, e -> true));
    }

    private FarmHttp.Answer repeat(Attempt attempt, Duration within, Again again) throws InterruptedException {
        Instant end = clock.instant().plus(within);
        Duration next = Duration.ofSeconds(1);
        while (true) {
            try {
                return attempt.make();
            } catch (TestingFarmException.Unavailable e) {
                Duration asked = e.retryAfter();
                Duration wait = asked == null || asked.compareTo(next) < 0 ? next : asked;
                if (!again.isWorthIt(e) || clock.instant().plus(wait).isAfter(end)) {
                    throw e;
                }
                pause.sleep(wait);
                next = next.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? next.multipliedBy(2) : LONGEST_PAUSE;
            }
        }
    }

    private FarmHttp.Answer once(String doing, Ask ask) throws InterruptedException {
        String sent = ask.who() == Who.NOBODY ? null : token();
        if (sent == null && ask.who() == Who.OWNER) {
            throw new TestingFarmException.NotAuthorized(
                    could(doing, ask.uri()) + "there is no token; set TESTING_FARM_API_TOKEN, or give a supplier",
                    false);
        }
        Map<String, String> headers = sent == null
                ? Map.of("Accept", "application/json")
                : Map.of("Accept", "application/json", "Authorization", "Bearer " + sent);
        FarmHttp.Answer answer;
        try {
            answer = http.ask(
                    new FarmHttp.Question(ask.method(), ask.uri(), headers, ask.body(), MOST_BYTES), answerWithin);
        } catch (IOException e) {
            throw new TestingFarmException.Unavailable(
                    could(doing, ask.uri()) + FarmHttp.reason(e), FarmHttp.reached(e), null, e);
        }
        if (answer.status() / 100 == 2) {
            return answer;
        }
        throw failure(could(doing, ask.uri()), answer, sent);
    }

    private TestingFarmException failure(String could, FarmHttp.Answer answer, @Nullable String sent) {
        int status = answer.status();
        String raw = json.words(answer.text());
        String words = sent == null ? raw : new Redaction(List.of(sent)).clean(raw);
        String message = could + "it answers " + status + (words.isEmpty() ? "" : ": " + words);
        return switch (status) {
            case 401 ->
                new TestingFarmException.NotAuthorized(
                        message + "; renew the token, or set another one", words.contains("expired"));
            case 403 ->
                new TestingFarmException.NotAuthorized(
                        message + "; only the token that submitted it, or an administrator's, may do that", false);
            case 404 -> new TestingFarmException.NotFound(message);
            case 409, 410 -> new TestingFarmException.Gone(message);
            case 408, 425, 429, 500, 502, 503, 504 ->
                new TestingFarmException.Unavailable(message, status != 429, answer.retryAfter(clock.instant()), null);
            default ->
                status >= 500
                        ? new TestingFarmException.Unavailable(message, true, null, null)
                        : new TestingFarmException.Rejected(message, words);
        };
    }

    private @Nullable String token() {
        String text = token == null ? null : said(token);
        if (text == null || text.isBlank()) {
            return null;
        }
        String stripped = text.strip();
        if (stripped.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw new TestingFarmException.NotAuthorized(
                    "the token for " + service + " holds what no header can: is it the whole token and nothing else?",
                    false);
        }
        return stripped;
    }

    private @Nullable String said(Supplier<@Nullable String> supplier) {
        try {
            return supplier.get();
        } catch (RuntimeException e) {
            // Not its message: nobody knows what is in it.
            throw new TestingFarmException.NotAuthorized(
                    "the supplier of the token for " + service + " failed with "
                            + e.getClass().getName(),
                    false);
        }
    }

    private JsonNode read(String doing, URI uri, FarmHttp.Answer answer) {
        return parsed(doing, uri, json::parse, answer.text());
    }

    private static <T, R> R parsed(String doing, URI uri, Function<T, R> parser, T from) {
        try {
            return parser.apply(from);
        } catch (IllegalArgumentException e) {
            throw new TestingFarmException.Unavailable(
                    could(doing, uri) + "its answer is not understood: " + e.getMessage(), true, null, e);
        }
    }

    private static String could(String doing, URI uri) {
        return "could not " + doing + " at " + uri.getScheme() + "://" + uri.getRawAuthority() + ": ";
    }

    private static String checked(String id) {
        if (!id.matches("[A-Za-z0-9-]{1,64}")) {
            throw new IllegalArgumentException("not the id of a request: '" + Redaction.plain(id)
                    + "'; it is as 3c9c1b4e-0000-4000-8000-1a2b3c4d5e6f");
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

    /** Settings of a client, with defaults. For one thread at a time. */
    public static final class Builder {
        private final URI service;
        private @Nullable Supplier<@Nullable String> token;
        private Duration answerWithin = Duration.ofSeconds(30);
        private Duration retryWithin = Duration.ofMinutes(2);
        private @Nullable SSLContext tls;
        private Clock clock = Clock.systemUTC();
        private Pause pause = Thread::sleep;

        private Builder(URI service) {
            String scheme = service.getScheme();
            if (!"http".equals(scheme) && !"https".equals(scheme)
                    || service.getHost() == null
                    || service.getRawUserInfo() != null
                    || service.getRawQuery() != null) {
                throw new IllegalArgumentException("not an address of Testing Farm: " + scheme + "://"
                        + service.getHost() + "; expected one as " + SERVICE + ", without a password");
            }
            this.service = URI.create(service.toString().replaceFirst("(/v0\\.\\d+)?/*$", ""));
        }

        /**
         * Sets who knows the token. It is asked for each question, goes to the service only, and is in no log and no message.
         *
         * @param supplier gives the token, or null if there is none
         * @return this
         */
        public Builder token(Supplier<@Nullable String> supplier) {
            token = supplier;
            return this;
        }

        /**
         * Sets how long an answer may take. Half a minute unless set.
         *
         * @param limit how long
         * @return this
         */
        public Builder answerWithin(Duration limit) {
            answerWithin = positive(limit, "answerWithin");
            return this;
        }

        /**
         * Sets for how long a question is asked again while the service does not work. Two minutes unless set.
         *
         * @param limit how long; zero asks once
         * @return this
         */
        public Builder retryWithin(Duration limit) {
            if (limit.isNegative()) {
                throw new IllegalArgumentException("retryWithin must not be less than nothing, as is " + limit);
            }
            retryWithin = limit;
            return this;
        }

        /**
         * Sets which certificates are trusted; those that Java trusts unless set. Names are checked all the same.
         *
         * @param context what decides
         * @return this
         */
        public Builder tls(SSLContext context) {
            tls = context;
            return this;
        }

        /** Sets what tells the time, and how it passes between two attempts. */
        Builder time(Clock now, Pause wait) {
            clock = now;
            pause = wait;
            return this;
        }

        static Duration positive(Duration duration, String name) {
            if (duration.isNegative() || duration.isZero()) {
                throw new IllegalArgumentException(name + " must be longer than nothing, not " + duration);
            }
            return duration;
        }

        /** {@return a client with these settings; nothing is asked before it is wanted} */
        public TestingFarmApi build() {
            return new TestingFarmApi(this);
        }
    }
}

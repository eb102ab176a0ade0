package org.atex.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.ClientTlsStrategyBuilder;
import org.apache.hc.client5.http.utils.DateUtils;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * Asks a reservation service, over HTTP or HTTPS. Only from virtual threads: an interrupt ends their waiting for a socket.
 * Thread-safe.
 */
final class ReservationClient implements AutoCloseable {
    private static final int MOST_REDIRECTS = 5;
    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(10);

    private final CloseableHttpClient http;
    private final @Nullable Supplier<String> token;

    ReservationClient(@Nullable SSLContext tls, @Nullable Supplier<String> token) {
        this.token = token;
        ClientTlsStrategyBuilder strategy = ClientTlsStrategyBuilder.create();
        if (tls != null) {
            strategy.setSslContext(tls);
        }
        ConnectionConfig connections = ConnectionConfig.custom()
                .setConnectTimeout(Timeout.of(CONNECT_WITHIN))
                .build();
        // Compression is off: it holds lines back, and a small body could become a huge one.
        this.http = HttpClients.custom()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                        .setConnectionFactory(new UnloggedConnection.Factory())
                        .setTlsSocketStrategy(strategy.buildClassic())
                        .setDefaultConnectionConfig(connections)
                        .setMaxConnPerRoute(64)
                        .setMaxConnTotal(256)
                        .build())
                .disableContentCompression()
                .disableRedirectHandling()
                .disableAutomaticRetries()
                .disableCookieManagement()
                .disableAuthCaching()
                .setUserAgent("atex")
                .build();
    }

    /** The body of an answer; closing it ends the exchange, whatever is left of it. */
    record Answer(HttpGet request, ClassicHttpResponse response, InputStream body) implements AutoCloseable {
        void cancel() {
            request.cancel();
        }

        /** Reads what is left, if it is little, so that the connection can be used again. */
        void drain() throws IOException {
            body.readNBytes(LineReader.MAX_BYTES);
        }

        @Override
        public void close() {
            // Closing alone would read to an end that may never come. What was read to its end is not touched by this.
            request.cancel();
            try {
                response.close();
            } catch (IOException e) {
                // ended all the same
            }
        }
    }

    /**
     * Asks, and follows redirects of the same origin.
     *
     * @param uri what
     * @param origin whose token it is: others are asked without
     * @param within how long the head of the answer may take
     * @return an answer that is a success
     * @throws ServiceRefusedException if it is none
     * @throws IOException if there is no answer
     * @throws InterruptedException if interrupted
     */
    Answer get(URI uri, URI origin, Duration within) throws IOException, InterruptedException {
        AtomicReference<HttpGet> current = new AtomicReference<>(new HttpGet(uri));
        try (Deadline deadline = new Deadline(within, () -> current.get().cancel())) {
            return get(current, uri, origin, deadline);
        } catch (IOException e) {
            if (Thread.interrupted()
                    || e instanceof InterruptedIOException && e.getCause() instanceof InterruptedException) {
                throw (InterruptedException)
                        new InterruptedException("interrupted while asking " + shown(uri)).initCause(e);
            }
            throw e;
        }
    }

    private Answer get(AtomicReference<HttpGet> current, URI start, URI origin, Deadline deadline) throws IOException {
        URI uri = start;
        for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
            HttpGet request = new HttpGet(uri);
            current.set(request);
            ClassicHttpResponse response = execute(request, uri, origin, deadline);
            int status = response.getCode();
            if (status / 100 == 2) {
                return answer(request, response);
            }
            try (response) {
                Header location = response.getFirstHeader(HttpHeaders.LOCATION);
                if (status / 100 != 3 || location == null) {
                    throw refused(uri, response);
                }
                URI next = resolve(uri, location.getValue());
                if (!sameOrigin(uri, next)) {
                    throw new ServiceRefusedException(
                            0,
                            null,
                            shown(uri) + " redirects to " + shown(next) + ", which is another origin: not followed");
                }
                uri = next;
            }
        }
        throw new ServiceRefusedException(0, null, shown(start) + " redirects more than " + MOST_REDIRECTS + " times");
    }

    private ClassicHttpResponse execute(HttpGet request, URI uri, URI origin, Deadline deadline) throws IOException {
        request.setHeader(HttpHeaders.ACCEPT, "application/x-ndjson, application/jsonl, application/json, */*");
        if (token != null && sameOrigin(uri, origin)) {
            request.setHeader(HttpHeaders.AUTHORIZATION, "Bearer " + checked(token));
        }
        // No time-out of sockets: deadlines bound the whole, also what trickles.
        request.setConfig(RequestConfig.custom()
                .setConnectionRequestTimeout(Timeout.of(CONNECT_WITHIN))
                .setResponseTimeout(Timeout.DISABLED)
                .build());
        try {
            if (deadline.hasExpired()) {
                request.cancel(); // it came between two requests
            }
            return http.executeOpen(null, request, null);
        } catch (IllegalStateException e) {
            throw new IOException("no answer from " + shown(uri) + ": closed meanwhile", e);
        } catch (IOException e) {
            if (deadline.hasExpired()) {
                throw new IOException(
                        "no answer from " + shown(uri) + " within "
                                + deadline.limit().toMillis() + " ms",
                        e);
            }
            throw new IOException("no answer from " + shown(uri) + ": " + reason(e), e);
        }
    }

    private static String reason(IOException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static String checked(Supplier<String> supplier) throws ServiceRefusedException {
        String token;
        try {
            token = supplier.get();
        } catch (RuntimeException e) {
            // Not its message: nobody knows what is in it.
            throw new ServiceRefusedException(
                    0,
                    null,
                    "the supplier of the token failed with " + e.getClass().getName());
        }
        if (token.isEmpty() || token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw new ServiceRefusedException(0, null, "the token is empty or holds what no header can");
        }
        return token;
    }

    private static Answer answer(HttpGet request, ClassicHttpResponse response) throws IOException {
        HttpEntity entity = response.getEntity();
        InputStream body = entity == null ? null : entity.getContent();
        return new Answer(request, response, body == null ? InputStream.nullInputStream() : body);
    }

    private static ServiceRefusedException refused(URI uri, ClassicHttpResponse response) {
        Header header = response.getFirstHeader(HttpHeaders.RETRY_AFTER);
        Duration after = header == null ? null : retryAfter(header.getValue().strip(), Instant.now());
        String phrase = response.getReasonPhrase();
        return new ServiceRefusedException(
                response.getCode(),
                after,
                shown(uri) + " answers " + response.getCode() + (phrase == null ? "" : " " + phrase)
                        + (after == null ? "" : " (come back in " + after.toSeconds() + " s)"));
    }

    /** {@return what a header says: seconds, or a date; null if it is neither} */
    static @Nullable Duration retryAfter(String value, Instant now) {
        if (value.matches("[0-9]{1,9}")) {
            return Duration.ofSeconds(Long.parseLong(value));
        }
        Instant when = DateUtils.parseStandardDate(value);
        if (when == null) {
            return null;
        }
        return when.isBefore(now) ? Duration.ZERO : Duration.between(now, when);
    }

    /**
     * {@return an address that may be relative}
     *
     * @throws ServiceRefusedException if it is none of HTTP, or less safe than where it was said
     */
    static URI resolve(URI base, String text) throws ServiceRefusedException {
        try {
            URI uri = base.resolve(text.strip());
            check(uri);
            if ("https".equalsIgnoreCase(base.getScheme()) && !"https".equalsIgnoreCase(uri.getScheme())) {
                throw new IllegalArgumentException("it is not https, and " + shown(base) + " is");
            }
            return uri;
        } catch (IllegalArgumentException e) {
            throw new ServiceRefusedException(
                    0, null, shown(base) + " says an address that is not followed: " + e.getMessage());
        }
    }

    static void check(URI uri) {
        String scheme = uri.getScheme();
        if (!"http".equalsIgnoreCase(scheme) && !"https".equalsIgnoreCase(scheme) || uri.getHost() == null) {
            throw new IllegalArgumentException("not an address of a reservation service: " + shown(uri)
                    + "; expected http://host[:port]/… or https://…");
        }
        if (uri.getRawUserInfo() != null) {
            throw new IllegalArgumentException("an address of a reservation service holds no password: " + shown(uri)
                    + "; give it a token instead");
        }
    }

    static boolean sameOrigin(URI one, URI other) {
        return one.getScheme().equalsIgnoreCase(other.getScheme())
                && one.getHost().equalsIgnoreCase(other.getHost())
                && port(one) == port(other);
    }

    private static int port(URI uri) {
        return uri.getPort() >= 0
                ? uri.getPort()
                : uri.getScheme().toLowerCase(Locale.ROOT).equals("https") ? 443 : 80;
    }

    /** {@return an address for messages, without what may be secret in it} */
    static String shown(URI uri) {
        return uri.getScheme() + "://" + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort())
                + Objects.requireNonNullElse(uri.getRawPath(), "");
    }

    @Override
    public void close() {
        http.close(CloseMode.IMMEDIATE);
    }
}

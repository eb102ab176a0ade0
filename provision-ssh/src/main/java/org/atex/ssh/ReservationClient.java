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
import org.apache.hc.client5.http.utils.DateUtils;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpHeaders;
import org.atex.http.CancellableHttpClient;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to a reservation service by HTTP or HTTPS. Must be used from virtual threads only: an interrupt then
 * ends a wait for a socket. Thread-safe.
 */
final class ReservationClient implements AutoCloseable {
    private static final int MOST_REDIRECTS = 5;

    private final CancellableHttpClient http;
    private final @Nullable Supplier<String> token;

    ReservationClient(@Nullable SSLContext tls, @Nullable Supplier<String> token) {
        this.token = token;
        // Each open answer holds a connection, and heartbeats must not wait for one.
        this.http = new CancellableHttpClient(tls, 64, 256);
    }

    /** An open answer. {@link #close} ends the exchange, even if the body has not been read to its end. */
    record Answer(HttpGet request, ClassicHttpResponse response, InputStream body) implements AutoCloseable {
        void cancel() {
            request.cancel();
        }

        /** Reads the rest of a short body, so that the connection can be reused. */
        void drain() throws IOException {
            body.readNBytes(LineReader.MAX_BYTES);
        }

        @Override
        public void close() {
            // close() alone would read the body to its end, which may never come. After that end, cancel() does
            // nothing.
            request.cancel();
            try {
                response.close();
            } catch (IOException e) {
                // the exchange has ended in any case
            }
        }
    }

    /**
     * Sends a GET request and follows redirects within one origin.
     *
     * @param uri the address
     * @param origin the service to which the token belongs; requests to other origins have no token
     * @param within the time limit for the head of the answer
     * @return an answer with a 2xx status
     * @throws ServiceRefusedException if the answer has another status
     * @throws IOException if there is no answer
     * @throws InterruptedException if the thread is interrupted
     */
    Answer get(URI uri, URI origin, Duration within) throws IOException, InterruptedException {
        AtomicReference<HttpGet> current = new AtomicReference<>(new HttpGet(uri));
        try (Watchdog watchdog = new Watchdog(within, () -> current.get().cancel())) {
            return get(current, uri, origin, watchdog);
        } catch (IOException e) {
            // The client reports an interrupt of a virtual thread as an I/O error of the socket.
            if (Thread.interrupted()
                    || e instanceof InterruptedIOException && e.getCause() instanceof InterruptedException) {
                throw (InterruptedException)
                        new InterruptedException("interrupted while asking " + display(uri)).initCause(e);
            }
            throw e;
        }
    }

    private Answer get(AtomicReference<HttpGet> current, URI start, URI origin, Watchdog watchdog) throws IOException {
        URI uri = start;
        for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
            HttpGet request = new HttpGet(uri);
            current.set(request);
            ClassicHttpResponse response = execute(request, uri, origin, watchdog);
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
                            display(uri) + " redirects to another origin, " + display(next) + ": not followed");
                }
                uri = next;
            }
        }
        throw new ServiceRefusedException(
                0, null, display(start) + " redirects more than " + MOST_REDIRECTS + " times");
    }

    private ClassicHttpResponse execute(HttpGet request, URI uri, URI origin, Watchdog watchdog) throws IOException {
        request.setHeader(HttpHeaders.ACCEPT, "application/x-ndjson, application/jsonl, application/json, */*");
        if (token != null && sameOrigin(uri, origin)) {
            request.setHeader(HttpHeaders.AUTHORIZATION, "Bearer " + checked(token));
        }
        // No socket time-out: it would restart with each byte. The watchdog limits the whole request.
        request.setConfig(CancellableHttpClient.requestConfig());
        try {
            if (watchdog.hasExpired()) {
                request.cancel(); // it expired between two requests, and has cancelled the previous one
            }
            return http.execute(request);
        } catch (IllegalStateException e) {
            throw new IOException("no answer from " + display(uri) + ": the source was closed", e);
        } catch (IOException e) {
            if (watchdog.hasExpired()) {
                throw new IOException(
                        "no answer from " + display(uri) + " within "
                                + watchdog.limit().toMillis() + " ms",
                        e);
            }
            throw new IOException("no answer from " + display(uri) + ": " + reason(e), e);
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
            // The message of the exception is left out: it may contain the token.
            throw new ServiceRefusedException(
                    0,
                    null,
                    "the supplier of the token failed with " + e.getClass().getName());
        }
        if (token.isEmpty() || token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw new ServiceRefusedException(
                    0, null, "the token is empty or contains characters that a header cannot hold");
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
                display(uri) + " answers " + response.getCode() + (phrase == null ? "" : " " + phrase)
                        + (after == null ? "" : " (Retry-After: " + after.toSeconds() + " s)"));
    }

    /** {@return the value of a {@code Retry-After} header, seconds or a date; null if it is neither} */
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
     * {@return an absolute address for an address in an answer, which may be relative}
     *
     * @throws ServiceRefusedException if it is not an HTTP address, or is http although the answer came by https
     */
    static URI resolve(URI base, String text) throws ServiceRefusedException {
        try {
            URI uri = base.resolve(text.strip());
            check(uri);
            if ("https".equalsIgnoreCase(base.getScheme()) && !"https".equalsIgnoreCase(uri.getScheme())) {
                throw new IllegalArgumentException("it is not https, but " + display(base) + " is");
            }
            return uri;
        } catch (IllegalArgumentException e) {
            throw new ServiceRefusedException(
                    0, null, display(base) + " sent an address that is not followed: " + e.getMessage());
        }
    }

    /**
     * Checks an address of a service.
     *
     * @throws IllegalArgumentException if it is not an HTTP or HTTPS address with a host, or contains a user name
     */
    static void check(URI uri) {
        String scheme = uri.getScheme();
        if (!"http".equalsIgnoreCase(scheme) && !"https".equalsIgnoreCase(scheme) || uri.getHost() == null) {
            throw new IllegalArgumentException("not an address of a reservation service: " + display(uri)
                    + "; expected http://host[:port]/… or https://…");
        }
        if (uri.getRawUserInfo() != null) {
            throw new IllegalArgumentException("user and password are not supported in the address of a reservation"
                    + " service: " + display(uri)
                    + "; set a token instead");
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

    /** {@return an address for messages, without query and user, which may be secret} */
    static String display(URI uri) {
        return uri.getScheme() + "://" + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort())
                + Objects.requireNonNullElse(uri.getRawPath(), "");
    }

    @Override
    public void close() {
        http.close();
    }
}

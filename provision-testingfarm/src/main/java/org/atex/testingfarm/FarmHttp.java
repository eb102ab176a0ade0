package org.atex.testingfarm;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.ClientTlsStrategyBuilder;
import org.apache.hc.client5.http.utils.DateUtils;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.io.entity.StringEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP client for single exchanges with a time limit each; it neither follows redirects nor retries. Thread-safe.
 */
final class FarmHttp implements AutoCloseable {
    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(10);

    /**
     * Connections in addition to those of the poller, so that submissions and cancellations never wait for polls that
     * hang.
     */
    private static final int NON_POLL_CONNECTIONS = 16;

    private final CloseableHttpClient http;

    FarmHttp(@Nullable SSLContext tls) {
        ClientTlsStrategyBuilder strategy = ClientTlsStrategyBuilder.create();
        if (tls != null) {
            strategy.setSslContext(tls);
        }
        // Compression is off: a small body could expand to a huge one, and the byte ranges of a log would not match its
        // content.
        this.http = HttpClients.custom()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                        .setConnectionFactory(new NonLoggingConnection.Factory())
                        .setTlsSocketStrategy(strategy.buildClassic())
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(Timeout.of(CONNECT_WITHIN))
                                .build())
                        .setMaxConnPerRoute(RunContext.MAX_CONCURRENT_POLLS + NON_POLL_CONNECTIONS)
                        .setMaxConnTotal(2 * (RunContext.MAX_CONCURRENT_POLLS + NON_POLL_CONNECTIONS))
                        .build())
                .disableContentCompression()
                // A redirect must never take the token to another host.
                .disableRedirectHandling()
                .disableAutomaticRetries()
                .disableCookieManagement()
                .disableAuthCaching()
                .setUserAgent("atex")
                .build();
    }

    /**
     * An HTTP request.
     *
     * @param method GET, POST or DELETE
     * @param uri the address
     * @param headers additional headers
     * @param json the body, or null
     * @param maxBytes the number of bytes of the response body to read; the rest is discarded
     */
    record Request(
            String method,
            URI uri,
            Map<String, String> headers,
            @Nullable String json,
            int maxBytes) {
        static Request get(URI uri, Map<String, String> headers, int maxBytes) {
            return new Request("GET", uri, headers, null, maxBytes);
        }
    }

    /** An HTTP response. */
    static final class Response {
        private final int status;
        private final byte[] body;
        private final Map<String, String> headers;

        Response(int status, byte[] body, Map<String, String> headers) {
            this.status = status;
            this.body = body;
            this.headers = headers;
        }

        int status() {
            return status;
        }

        byte[] body() {
            return body;
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        @Nullable
        String header(String name) {
            return headers.get(name);
        }

        /** {@return the delay in the header {@code Retry-After}, in seconds or as a date; null without the header} */
        @Nullable
        Duration retryAfter(Instant now) {
            String value = headers.get(HttpHeaders.RETRY_AFTER);
            if (value == null) {
                return null;
            }
            if (value.matches("[0-9]{1,6}")) {
                return Duration.ofSeconds(Long.parseLong(value));
            }
            Instant when = DateUtils.parseStandardDate(value);
            return when == null || when.isBefore(now) ? null : Duration.between(now, when);
        }
    }

    /**
     * Sends a request. The exchange runs in a thread of its own, because blocking socket I/O does not react to
     * interrupts.
     *
     * @throws IOException if there is no response in time; {@link #mayHaveArrived} says whether the request may have
     *     arrived
     */
    Response send(Request request, Duration within) throws IOException, InterruptedException {
        HttpUriRequestBase message = toHttp(request);
        FutureTask<Response> task = new FutureTask<>(() -> exchange(message, request.maxBytes()));
        Threads.start("http", task);
        try {
            return task.get(within.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            message.cancel();
            throw e;
        } catch (TimeoutException e) {
            message.cancel();
            throw new IOException("no response within " + within.toMillis() + " ms", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IOException("no response: " + e.getCause(), e);
        }
    }

    private static HttpUriRequestBase toHttp(Request request) {
        HttpUriRequestBase message = new HttpUriRequestBase(request.method(), request.uri());
        request.headers().forEach(message::setHeader);
        if (request.json() != null) {
            message.setEntity(new StringEntity(request.json(), ContentType.APPLICATION_JSON));
        }
        message.setConfig(RequestConfig.custom()
                .setConnectionRequestTimeout(Timeout.of(CONNECT_WITHIN))
                // The socket timeout restarts with each byte; the limit of the whole exchange is in send().
                .setResponseTimeout(Timeout.DISABLED)
                .build());
        return message;
    }

    private Response exchange(HttpUriRequestBase request, int maxBytes) throws IOException {
        try (ClassicHttpResponse response = http.executeOpen(null, request, null)) {
            byte[] body = response.getEntity() == null
                    ? new byte[0]
                    : response.getEntity().getContent().readNBytes(maxBytes);
            // Closing the response alone would read it to its end, which may never come. A response that was read to
            // its end is not affected by the cancellation.
            request.cancel();
            Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            for (Header header : response.getHeaders()) {
                headers.put(header.getName(), header.getValue().strip());
            }
            return new Response(response.getCode(), body, headers);
        }
    }

    /** {@return whether a request that failed with this exception may have arrived at the server} */
    static boolean mayHaveArrived(IOException e) {
        return !(e instanceof ConnectException
                || e instanceof ConnectTimeoutException
                || e instanceof UnknownHostException
                || e instanceof SSLHandshakeException
                || e instanceof SSLPeerUnverifiedException);
    }

    static String reason(IOException e) {
        String text = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return e instanceof SSLException
                ? "TLS: " + text + " (does this Java trust the certificate authority of the service?)"
                : text;
    }

    @Override
    public void close() {
        http.close(CloseMode.IMMEDIATE);
    }
}

package org.atex.reportportal;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
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
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;

/** An HTTP client for single exchanges with a time limit each; it neither follows redirects nor retries. Thread-safe. */
final class PortalHttp implements AutoCloseable {
    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(10);
    private static final int MAX_RESPONSE_BYTES = 1 << 20;

    private final CloseableHttpClient http;
    private final String token;

    PortalHttp(@Nullable SSLContext tls, int connections, String token) {
        this.token = token;
        ClientTlsStrategyBuilder strategy = ClientTlsStrategyBuilder.create();
        if (tls != null) {
            strategy.setSslContext(tls);
        }
        this.http = HttpClients.custom()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                        .setConnectionFactory(new NonLoggingConnection.Factory())
                        .setTlsSocketStrategy(strategy.buildClassic())
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(Timeout.of(CONNECT_WITHIN))
                                .build())
                        .setMaxConnPerRoute(connections)
                        .setMaxConnTotal(connections)
                        .build())
                // A small body could expand to a huge one.
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
     * An HTTP response.
     *
     * @param status the status
     * @param body the first bytes of the body
     * @param retryAfter the header {@code Retry-After}, or null
     * @param location the header {@code Location}, or null
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Response(
            int status,
            byte[] body,
            @Nullable String retryAfter,
            @Nullable String location) {
        /** {@return the pause that the service asks for, in seconds or as a date; zero if it asks for none} */
        Duration pause(Instant now) {
            if (retryAfter == null) {
                return Duration.ZERO;
            }
            if (retryAfter.matches("[0-9]{1,6}")) {
                return Duration.ofSeconds(Long.parseLong(retryAfter));
            }
            Instant when = DateUtils.parseStandardDate(retryAfter);
            return when == null || when.isBefore(now) ? Duration.ZERO : Duration.between(now, when);
        }
    }

    /**
     * Sends a request. The exchange runs in a thread of its own, because blocking socket I/O does not react to
     * interrupts.
     *
     * @throws IOException if there is no response in time
     */
    Response send(String method, URI uri, @Nullable HttpEntity body, Duration within)
            throws IOException, InterruptedException {
        HttpUriRequestBase request = new HttpUriRequestBase(method, uri);
        request.setHeader(HttpHeaders.AUTHORIZATION, "Bearer " + token);
        request.setEntity(body);
        request.setConfig(RequestConfig.custom()
                .setConnectionRequestTimeout(Timeout.of(CONNECT_WITHIN))
                // The socket timeout restarts with each byte; the limit of the whole exchange is below.
                .setResponseTimeout(Timeout.DISABLED)
                .build());
        FutureTask<Response> task = new FutureTask<>(() -> exchange(request));
        Threads.start("http", task);
        try {
            return task.get(within.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            request.cancel();
            throw e;
        } catch (TimeoutException e) {
            request.cancel();
            throw new IOException("no response within " + within.toMillis() + " ms", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IOException("no response: " + e.getCause(), e);
        }
    }

    private Response exchange(HttpUriRequestBase request) throws IOException {
        try (ClassicHttpResponse response = http.executeOpen(null, request, null)) {
            byte[] body = response.getEntity() == null
                    ? new byte[0]
                    : response.getEntity().getContent().readNBytes(MAX_RESPONSE_BYTES);
            // Closing the response alone would read it to its end, which may never come. A response that was read to
            // its end is not affected by the cancellation.
            request.cancel();
            return new Response(
                    response.getCode(),
                    body,
                    header(response, HttpHeaders.RETRY_AFTER),
                    header(response, HttpHeaders.LOCATION));
        }
    }

    private static @Nullable String header(ClassicHttpResponse response, String name) {
        Header header = response.getFirstHeader(name);
        return header == null ? null : header.getValue().strip();
    }

    static String reason(IOException e) {
        String text = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return e instanceof SSLException
                ? "TLS: " + text + " (does this Java trust the certificate authority of the service? see"
                        + " ReportPortalProject.withTls())"
                : text;
    }

    @Override
    public void close() {
        http.close(CloseMode.IMMEDIATE);
    }
}

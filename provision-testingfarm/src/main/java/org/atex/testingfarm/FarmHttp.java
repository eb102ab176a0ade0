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
import org.jspecify.annotations.Nullable;

/** One exchange over HTTP or HTTPS at a time, each within a time; no redirects, no repetition. Thread-safe. */
final class FarmHttp implements AutoCloseable {
    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(10);

    /** Who submits and cancels must not wait for looks that hang. */
    private static final int FOR_OTHERS = 16;

    private final CloseableHttpClient http;

    FarmHttp(@Nullable SSLContext tls) {
        ClientTlsStrategyBuilder strategy = ClientTlsStrategyBuilder.create();
        if (tls != null) {
            strategy.setSslContext(tls);
        }
        // Compression is off: a small body could become a huge one, and ranges of a log would mean nothing.
        this.http = HttpClients.custom()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                        .setConnectionFactory(new QuietConnection.Factory())
                        .setTlsSocketStrategy(strategy.buildClassic())
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(Timeout.of(CONNECT_WITHIN))
                                .build())
                        .setMaxConnPerRoute(Poller.AT_ONCE + FOR_OTHERS)
                        .setMaxConnTotal(2 * (Poller.AT_ONCE + FOR_OTHERS))
                        .build())
                .disableContentCompression()
                .disableRedirectHandling()
                .disableAutomaticRetries()
                .disableCookieManagement()
                .disableAuthCaching()
                .setUserAgent("atex")
                .build();
    }

    /**
     * What is asked.
     *
     * @param method GET, POST or DELETE
     * @param uri where
     * @param headers more headers
     * @param json what is sent, or null
     * @param mostBytes how much of the answer to read; the rest is left
     */
    record Question(
            String method,
            URI uri,
            Map<String, String> headers,
            @Nullable String json,
            int mostBytes) {
        static Question get(URI uri, Map<String, String> headers, int mostBytes) {
            return new Question("GET", uri, headers, null, mostBytes);
        }
    }

    /** What came. */
    static final class Answer {
        private final int status;
        private final byte[] body;
        private final Map<String, String> headers;

        Answer(int status, byte[] body, Map<String, String> headers) {
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

        /** {@return how long to wait, by its header: seconds, or a date; null if it says nothing} */
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
     * Asks, in a thread of its own: a socket does not heed interrupts.
     *
     * @throws IOException if there is no answer in time; {@link #reached} says whether the question may have arrived
     */
    Answer ask(Question question, Duration within) throws IOException, InterruptedException {
        HttpUriRequestBase request = request(question);
        FutureTask<Answer> task = new FutureTask<>(() -> exchange(request, question.mostBytes()));
        Threads.start("http", task);
        try {
            return task.get(within.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            request.cancel();
            throw e;
        } catch (TimeoutException e) {
            request.cancel();
            throw new IOException("no answer within " + within.toMillis() + " ms", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IOException("no answer: " + e.getCause(), e);
        }
    }

    private static HttpUriRequestBase request(Question question) {
        HttpUriRequestBase request = new HttpUriRequestBase(question.method(), question.uri());
        question.headers().forEach(request::setHeader);
        if (question.json() != null) {
            request.setEntity(new StringEntity(question.json(), ContentType.APPLICATION_JSON));
        }
        request.setConfig(RequestConfig.custom()
                .setConnectionRequestTimeout(Timeout.of(CONNECT_WITHIN))
                .setResponseTimeout(Timeout.DISABLED)
                .build());
        return request;
    }

    private Answer exchange(HttpUriRequestBase request, int most) throws IOException {
        try (ClassicHttpResponse response = http.executeOpen(null, request, null)) {
            byte[] body = response.getEntity() == null
                    ? new byte[0]
                    : response.getEntity().getContent().readNBytes(most);
            // Closing alone would read to an end that may never come. What was read to its end is not touched by this.
            request.cancel();
            Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            for (Header header : response.getHeaders()) {
                headers.put(header.getName(), header.getValue().strip());
            }
            return new Answer(response.getCode(), body, headers);
        }
    }

    /** {@return whether a question that got no answer may have arrived} */
    static boolean reached(IOException e) {
        return !(e instanceof ConnectException
                || e instanceof ConnectTimeoutException
                || e instanceof UnknownHostException
                || e instanceof SSLHandshakeException
                || e instanceof SSLPeerUnverifiedException);
    }

    static String reason(IOException e) {
        String what = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return e instanceof SSLException ? "TLS: " + what + " (is the service's authority among those trusted?)" : what;
    }

    @Override
    public void close() {
        http.close(CloseMode.IMMEDIATE);
    }
}

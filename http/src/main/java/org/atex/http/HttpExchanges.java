package org.atex.http;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
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
import org.apache.hc.client5.http.utils.DateUtils;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpHeaders;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;

/**
 * Sends HTTP requests, each as a single exchange with a time limit as a whole. Neither follows redirects nor retries.
 *
 * <p>Lifecycle: open until {@link #close()}, which ends the exchanges that are under way.
 *
 * <p>Thread safety: thread-safe.
 */
public final class HttpExchanges implements AutoCloseable {
    private final CancellableHttpClient http;
    private final Set<FutureTask<Response>> underWay = ConcurrentHashMap.newKeySet();

    /**
     * Creates a client.
     *
     * @param tls the certificates to trust; null for those of this Java
     * @param perHost the number of connections to one host at the same time
     * @param inAll the number of connections at the same time
     */
    public HttpExchanges(@Nullable SSLContext tls, int perHost, int inAll) {
        http = new CancellableHttpClient(tls, perHost, inAll);
    }

    /**
     * An HTTP request.
     *
     * @param method the method, such as GET
     * @param uri the address
     * @param headers additional headers
     * @param body the body, or null
     * @param maxBytes the number of bytes of the response body to read; the rest is discarded
     */
    public record Request(
            String method,
            URI uri,
            Map<String, String> headers,
            @Nullable HttpEntity body,
            int maxBytes) {
        /**
         * {@return a request without a body}
         *
         * @param uri the address
         * @param headers additional headers
         * @param maxBytes the number of bytes of the response body to read
         */
        public static Request get(URI uri, Map<String, String> headers, int maxBytes) {
            return new Request("GET", uri, headers, null, maxBytes);
        }
    }

    /** An HTTP response. Immutable. */
    public static final class Response {
        private final int status;
        private final byte[] body;
        private final Map<String, String> headers;

        private Response(int status, byte[] body, Map<String, String> headers) {
            this.status = status;
            this.body = body;
            this.headers = headers;
        }

        /** {@return the status} */
        public int status() {
            return status;
        }

        /** {@return the first bytes of the body; not a copy} */
        public byte[] body() {
            return body;
        }

        /** {@return the body as UTF-8} */
        public String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        /**
         * {@return the value of a header, or null}
         *
         * @param name its name, in any case
         */
        public @Nullable String header(String name) {
            return headers.get(name);
        }

        /**
         * {@return the delay in the header {@code Retry-After}, in seconds or as a date; null without the header, or if
         * the date has passed}
         *
         * @param now the time
         */
        public @Nullable Duration retryAfter(Instant now) {
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
     * @param request the request
     * @param within the time limit of the whole exchange
     * @return the response
     * @throws IOException if there is no response in time; {@link #mayHaveArrived} says whether the request may have
     *     arrived
     * @throws InterruptedException if interrupted
     */
    public Response send(Request request, Duration within) throws IOException, InterruptedException {
        HttpUriRequestBase message = toHttp(request);
        FutureTask<Response> task = new FutureTask<>(() -> exchange(message, request.maxBytes()));
        underWay.add(task);
        try {
            Threads.start("http", task);
            return task.get(within.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            message.cancel();
            throw e;
        } catch (TimeoutException e) {
            message.cancel();
            throw new IOException("no response within " + within.toMillis() + " ms", e);
        } catch (CancellationException e) {
            throw new IOException("no response: the client was closed", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IOException("no response: " + e.getCause(), e);
        } finally {
            underWay.remove(task);
        }
    }

    private static HttpUriRequestBase toHttp(Request request) {
        HttpUriRequestBase message = new HttpUriRequestBase(request.method(), request.uri());
        request.headers().forEach(message::setHeader);
        message.setEntity(request.body());
        message.setConfig(CancellableHttpClient.requestConfig());
        return message;
    }

    private Response exchange(HttpUriRequestBase request, int maxBytes) throws IOException {
        try (ClassicHttpResponse response = http.execute(request)) {
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

    /**
     * {@return whether a request that failed with this exception may have arrived at the server}
     *
     * @param e the exception of {@link #send}
     */
    public static boolean mayHaveArrived(IOException e) {
        return !(e instanceof ConnectException
                || e instanceof ConnectTimeoutException
                || e instanceof UnknownHostException
                || e instanceof SSLHandshakeException
                || e instanceof SSLPeerUnverifiedException);
    }

    /**
     * {@return the reason of a failure, for messages}
     *
     * @param e the exception of {@link #send}
     */
    public static String reason(IOException e) {
        String text = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return e instanceof SSLException
                ? "TLS: " + text + " (does this Java trust the certificate authority of the service?)"
                : text;
    }

    @Override
    public void close() {
        http.close();
        // A thread that looks up a name cannot be stopped, but nobody waits for it.
        underWay.forEach(task -> task.cancel(false));
    }
}

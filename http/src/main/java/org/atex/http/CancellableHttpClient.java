package org.atex.http;

import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.SchemePortResolver;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.classic.RequestFailedException;
import org.apache.hc.client5.http.impl.io.DefaultHttpClientConnectionOperator;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.io.HttpClientConnectionOperator;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.client5.http.ssl.ClientTlsStrategyBuilder;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.URIScheme;
import org.apache.hc.core5.http.config.RegistryBuilder;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP client that logs no header, keeps no cookie, and neither follows redirects nor retries. Connections are made
 * within ten seconds.
 *
 * <p>A request can be cancelled at any moment by {@link HttpUriRequestBase#cancel()}: no connection stays open. The
 * library alone closes only connections that exist at that moment, and not one that is being made, such as while the name
 * of the server is looked up.
 *
 * <p>Lifecycle: open until {@link #close()}, which cancels the requests that have no response.
 *
 * <p>Thread safety: thread-safe.
 */
public final class CancellableHttpClient implements AutoCloseable {
    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(10);
    private static final String REQUEST = CancellableHttpClient.class.getName() + ".request";

    private final CloseableHttpClient http;

    /** The requests that have no response yet. */
    private final Set<HttpUriRequestBase> underWay = ConcurrentHashMap.newKeySet();

    /**
     * Creates a client.
     *
     * @param tls the certificates to trust; null for those of this Java
     * @param perHost the number of connections to one host at the same time
     * @param inAll the number of connections at the same time
     */
    public CancellableHttpClient(@Nullable SSLContext tls, int perHost, int inAll) {
        ClientTlsStrategyBuilder strategy = ClientTlsStrategyBuilder.create();
        if (tls != null) {
            strategy.setSslContext(tls);
        }
        // Compression is off: it delays lines, a small body could expand to a huge one, and byte ranges would not match
        // the content.
        http = HttpClients.custom()
                .setConnectionManager(new ConnectionManagerBuilder()
                        .setConnectionFactory(new NonLoggingConnection.Factory())
                        .setTlsSocketStrategy(strategy.buildClassic())
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(Timeout.of(CONNECT_WITHIN))
                                .build())
                        .setMaxConnPerRoute(perHost)
                        .setMaxConnTotal(inAll)
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

    private static final class ConnectionManagerBuilder extends PoolingHttpClientConnectionManagerBuilder {
        @Override
        protected HttpClientConnectionOperator createConnectionOperator(
                @Nullable SchemePortResolver ports, @Nullable DnsResolver names, TlsSocketStrategy tls) {
            return new Connector(ports, names, tls);
        }
    }

    /** Closes a connection that was made for a request which has been cancelled meanwhile. */
    private static final class Connector extends DefaultHttpClientConnectionOperator {
        Connector(@Nullable SchemePortResolver ports, @Nullable DnsResolver names, TlsSocketStrategy tls) {
            super(
                    ports,
                    names,
                    RegistryBuilder.<TlsSocketStrategy>create()
                            .register(URIScheme.HTTPS.id, tls)
                            .build());
        }

        // The connection is known to the request now: a cancellation from here on closes it.
        @Override
        protected void onAfterSocketConnect(HttpContext context, HttpHost host) {
            if (context.getAttribute(REQUEST) instanceof HttpUriRequestBase request && request.isCancelled()) {
                throw new CancellationException("the request was cancelled");
            }
        }
    }

    /** {@return the configuration of a request whose response the caller limits: a socket timeout restarts with each byte} */
    public static RequestConfig requestConfig() {
        return RequestConfig.custom()
                .setConnectionRequestTimeout(Timeout.of(CONNECT_WITHIN))
                .setResponseTimeout(Timeout.DISABLED)
                .build();
    }

    /**
     * Sends a request.
     *
     * @param request the request
     * @return the response, whose body can be read; the caller closes it
     * @throws IOException if there is no response, or the request was cancelled
     * @throws IllegalStateException if this client is closed
     */
    public ClassicHttpResponse execute(HttpUriRequestBase request) throws IOException {
        HttpClientContext context = HttpClientContext.create();
        context.setAttribute(REQUEST, request);
        underWay.add(request);
        try {
            return http.executeOpen(null, request, context);
        } catch (CancellationException e) {
            throw new RequestFailedException(e.getMessage(), e);
        } finally {
            underWay.remove(request);
        }
    }

    @Override
    public void close() {
        http.close(CloseMode.IMMEDIATE);
        underWay.forEach(HttpUriRequestBase::cancel);
    }
}

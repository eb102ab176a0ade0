package org.atex.http;

import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.ClientTlsStrategyBuilder;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * Creates HTTP clients that log no header, keep no cookie, and neither follow redirects nor retry. Connections are made
 * within ten seconds.
 *
 * <p>Thread safety: thread-safe.
 */
public final class HttpClientFactory {
    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(10);

    private HttpClientFactory() {}

    /**
     * {@return a client}
     *
     * @param tls the certificates to trust; null for those of this Java
     * @param perHost the number of connections to one host at the same time
     * @param inAll the number of connections at the same time
     */
    public static CloseableHttpClient create(@Nullable SSLContext tls, int perHost, int inAll) {
        ClientTlsStrategyBuilder strategy = ClientTlsStrategyBuilder.create();
        if (tls != null) {
            strategy.setSslContext(tls);
        }
        // Compression is off: it delays lines, a small body could expand to a huge one, and byte ranges would not match
        // the content.
        return HttpClients.custom()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
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

    /** {@return the configuration of a request whose response the caller limits: a socket timeout restarts with each byte} */
    public static RequestConfig requestConfig() {
        return RequestConfig.custom()
                .setConnectionRequestTimeout(Timeout.of(CONNECT_WITHIN))
                .setResponseTimeout(Timeout.DISABLED)
                .build();
    }
}

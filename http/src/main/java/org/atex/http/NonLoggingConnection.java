package org.atex.http;

import java.io.IOException;
import java.net.Socket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.apache.hc.client5.http.io.ManagedHttpClientConnection;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.http.impl.io.SocketHolder;
import org.apache.hc.core5.http.io.HttpConnectionFactory;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * A connection that logs nothing. The connections of the HTTP client log each header at debug level, which is the
 * default level of some logging libraries, and would thus log tokens.
 */
final class NonLoggingConnection extends DefaultBHttpClientConnection implements ManagedHttpClientConnection {
    private @Nullable Timeout timeout;

    private NonLoggingConnection() {
        super(Http1Config.DEFAULT);
    }

    /** Creates connections for the pool of the client. */
    static final class Factory implements HttpConnectionFactory<ManagedHttpClientConnection> {
        @Override
        public ManagedHttpClientConnection createConnection(@Nullable Socket socket) throws IOException {
            NonLoggingConnection connection = new NonLoggingConnection();
            if (socket != null) {
                connection.bind(socket);
            }
            return connection;
        }
    }

    @Override
    public void bind(Socket socket) throws IOException {
        super.bind(socket);
    }

    @Override
    public void bind(SSLSocket tls, Socket socket) throws IOException {
        super.bind(tls, socket);
    }

    @Override
    public @Nullable Socket getSocket() {
        SocketHolder holder = getSocketHolder();
        return holder == null ? null : holder.getSocket();
    }

    @Override
    public @Nullable SSLSession getSSLSession() {
        return super.getSSLSession();
    }

    @Override
    public void passivate() {
        timeout = getSocketTimeout();
        setSocketTimeout(Timeout.ZERO_MILLISECONDS);
    }

    @Override
    public void activate() {
        if (timeout != null) {
            setSocketTimeout(timeout);
        }
    }
}

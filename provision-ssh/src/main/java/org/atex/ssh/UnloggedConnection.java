package org.atex.ssh;

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
 * An HTTP connection that logs nothing. The connection class of the client logs each header and byte at debug level,
 * the default level of some logging libraries, and so would log tokens.
 */
final class UnloggedConnection extends DefaultBHttpClientConnection implements ManagedHttpClientConnection {
    private @Nullable Timeout timeout;

    private UnloggedConnection() {
        super(Http1Config.DEFAULT);
    }

    /** Creates connections for the client's pool. */
    static final class Factory implements HttpConnectionFactory<ManagedHttpClientConnection> {
        @Override
        public ManagedHttpClientConnection createConnection(@Nullable Socket socket) throws IOException {
            UnloggedConnection connection = new UnloggedConnection();
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

    /** A pooled connection waits without a time-out; {@link #activate} restores the time-out. */
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

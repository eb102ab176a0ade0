package org.atex.ssh;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A real HTTP server that answers by scripts. It records the requests. */
final class ReservationServer implements AutoCloseable {
    /** Answers a request. */
    interface Script {
        void answer(Reply reply) throws Exception;
    }

    /** The answer to a request. */
    record Reply(HttpExchange exchange) {
        /** Sends lines and flushes after each. */
        void lines(String... lines) throws IOException {
            if (exchange.getResponseCode() == -1) {
                exchange.sendResponseHeaders(200, 0);
            }
            OutputStream body = exchange.getResponseBody();
            for (String line : lines) {
                body.write((line + "\n").getBytes(StandardCharsets.UTF_8));
                body.flush();
            }
        }

        void status(int status, String... headers) throws IOException {
            for (int i = 0; i < headers.length; i += 2) {
                exchange.getResponseHeaders().add(headers[i], headers[i + 1]);
            }
            exchange.sendResponseHeaders(status, -1);
        }

        /** Closes the connection in the middle of the answer. */
        void breakOff() throws IOException {
            throw new IOException("breaks off");
        }
    }

    /** A request. */
    record Question(String path, String token) {}

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, Script> scripts = new ConcurrentHashMap<>();
    private final List<Question> questions = new CopyOnWriteArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition asked = lock.newCondition();

    ReservationServer(HttpServer server) {
        this.server = server;
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    static ReservationServer open() throws IOException {
        return new ReservationServer(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50));
    }

    ReservationServer on(String path, Script script) {
        scripts.put(path, script);
        return this;
    }

    /** Serves a session; a script sends its hosts; heartbeats and the end are answered. */
    ReservationServer session(Script hosts) {
        return on(
                        "/",
                        reply -> reply.lines("{\"session_id\": \"s1\", \"start_session_url\": \"/start\","
                                + " \"heartbeat_url\": \"" + uri("/beat") + "\", \"end_session_url\": \"/end\"}"))
                .on("/start", hosts)
                .on("/beat", reply -> reply.status(200))
                .on("/end", reply -> reply.status(204));
    }

    private void handle(HttpExchange exchange) {
        String path = exchange.getRequestURI().getPath();
        lock.lock();
        try {
            questions.add(new Question(
                    path, String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"))));
            asked.signalAll();
        } finally {
            lock.unlock();
        }
        Reply reply = new Reply(exchange);
        try {
            scripts.getOrDefault(path, unknown -> unknown.status(404)).answer(reply);
            exchange.close();
        } catch (IOException e) {
            // An exception in a handler makes the server close the connection.
            throw new java.io.UncheckedIOException(e);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    URI uri(String path) {
        return URI.create((server instanceof HttpsServer ? "https" : "http") + "://localhost:"
                + server.getAddress().getPort() + path);
    }

    InetSocketAddress address() {
        return server.getAddress();
    }

    List<Question> questions() {
        return List.copyOf(questions);
    }

    long count(String path) {
        return questions.stream()
                .filter(question -> question.path().equals(path))
                .count();
    }

    void await(String path, int count) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.SECONDS.toNanos(10);
            while (count(path) < count) {
                if (nanos <= 0) {
                    throw new AssertionError(path + " was requested " + count(path) + " times, expected " + count);
                }
                nanos = asked.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
        threads.close();
    }
}

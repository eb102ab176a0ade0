package org.atex.benchmarks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A minimal fake of Testing Farm: requests become ready after a varying number of polls. Records when each request was
 * reported as ready, and the number of polls.
 */
final class FarmServer implements AutoCloseable {
    private static final int FEWEST_LOOKS = 3;
    private static final int SPREAD = 8;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicInteger submitted = new AtomicInteger();
    private final Map<Integer, AtomicInteger> looks = new ConcurrentHashMap<>();
    private final Map<Integer, Long> readyAt = new ConcurrentHashMap<>();
    private final Map<Integer, String> ended = new ConcurrentHashMap<>();

    FarmServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 200);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    URI uri() {
        return URI.create("http://localhost:" + server.getAddress().getPort());
    }

    /** {@return the seconds between the report of a request as ready and an instant} */
    double sinceReady(int number, long nanoTime) {
        Long ready = readyAt.get(number);
        if (ready == null) {
            throw new IllegalStateException("the request " + number + " was never ready");
        }
        return (nanoTime - ready) / 1e9;
    }

    /** {@return the maximum number of polls of one request} */
    int mostLooks() {
        return looks.values().stream().mapToInt(AtomicInteger::get).max().orElse(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        exchange.getRequestBody().readAllBytes();
        String path = exchange.getRequestURI().getPath();
        int number = Integer.parseInt("0" + path.replaceAll("[^0-9]*v0\\.1|[^0-9]", ""));
        String body;
        if (path.endsWith("/whoami")) {
            body = "{\"token\": {\"id\": \"t\", \"name\": \"bench\", \"ranch\": \"redhat\"}}";
        } else if (exchange.getRequestMethod().equals("POST")) {
            body = "{\"id\": \"" + submitted.incrementAndGet() + "\"}";
        } else if (path.endsWith("/pipeline.log")) {
            body = "Guest is ready: ArtemisGuest(a, root@guest" + number + ", arch=x86_64)\n";
            if (look(number, 0) >= FEWEST_LOOKS + number % SPREAD) {
                body += "starting tests execution\n";
                readyAt.putIfAbsent(number, System.nanoTime());
            }
        } else {
            boolean delete = exchange.getRequestMethod().equals("DELETE");
            String state = delete ? "canceled" : ended.getOrDefault(number, "running");
            if (delete) {
                ended.put(number, state);
            } else {
                look(number, 1);
            }
            body = "{\"id\": \"" + number + "\", \"state\": \"" + state + "\", \"run\": {\"artifacts\": \"" + uri()
                    + "/artifacts/" + number + "\"}}";
        }
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private int look(int number, int more) {
        return looks.computeIfAbsent(number, unused -> new AtomicInteger()).addAndGet(more);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
        threads.close();
    }
}

package org.atex.html;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.atex.artifacts.ReportFiles;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;

/**
 * Serves the page of a {@link HtmlReport} on the loopback interface, for a browser on this machine or one that reaches it
 * through a tunnel:
 *
 * {@snippet :
 * try (HtmlReport page = HtmlReport.open(Path.of("report.html"));
 *         LivePage live = LivePage.serve(Path.of("report.html"))) {
 *     System.out.println("The run is at " + live.address());
 *     // run
 * }
 * }
 *
 * <p>The address contains a random token: other users of this machine cannot guess it. Only the page and the files beside
 * it are served, as the report has written them last.
 *
 * <p>Lifecycle: serves from the return of {@link #serve} until {@link #close()}. Its threads do not keep the program
 * alive.
 *
 * <p>Thread safety: thread-safe.
 */
public final class LivePage implements AutoCloseable {
    private static final int TOKEN_BYTES = 16;
    private static final Duration STARTS_WITHIN = Duration.ofSeconds(10);

    private final Path page;
    private final Path files;
    private final String root;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    private LivePage(Path page, HttpServer server) {
        this.page = page;
        this.files = ReportFiles.beside(page);
        byte[] token = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(token);
        this.root = "/" + HexFormat.of().formatHex(token) + "/";
        this.server = server;
        server.createContext(root, this::answer);
        server.setExecutor(threads);
    }

    /**
     * {@return a server of a page, on a free port}
     *
     * @param page the file of the report, which need not exist yet
     * @throws IOException if there is no free port
     */
    public static LivePage serve(Path page) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        LivePage live = new LivePage(page.toAbsolutePath().normalize(), server);
        // The thread of the server is a daemon if this one is.
        boolean isStarted = Threads.join(List.of(Threads.startDaemon("live page", server::start)), STARTS_WITHIN);
        if (!isStarted) {
            live.close();
            throw new IOException("the server of " + page + " did not start within " + STARTS_WITHIN);
        }
        return live;
    }

    /** {@return the address for a browser} */
    public URI address() {
        InetSocketAddress bound = server.getAddress();
        String host = bound.getAddress().getHostAddress();
        return URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + bound.getPort() + root);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String method = exchange.getRequestMethod();
            Path file = file(exchange.getRequestURI());
            if (!method.equals("GET") && !method.equals("HEAD")) {
                refuse(exchange, 405, "this server answers GET and HEAD only");
            } else if (file == null) {
                refuse(exchange, 404, "there is no such file");
            } else {
                send(exchange, file, method.equals("HEAD"));
            }
        }
    }

    /** {@return the file that is asked for, or null} Links are not followed. */
    private @Nullable Path file(URI uri) {
        String path = uri.getPath().substring(root.length());
        if (path.isEmpty()) {
            return Files.isRegularFile(page, LinkOption.NOFOLLOW_LINKS) ? page : null;
        }
        try {
            Path file = page.resolveSibling(path).normalize();
            return file.startsWith(files) && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) ? file : null;
        } catch (InvalidPathException e) {
            return null;
        }
    }

    private void send(HttpExchange exchange, Path file, boolean isHead) throws IOException {
        Headers headers = exchange.getResponseHeaders();
        headers.set("Content-Type", type(file));
        headers.set("X-Content-Type-Options", "nosniff");
        headers.set("Referrer-Policy", "no-referrer");
        headers.set("Cache-Control", "no-store");
        if (!file.equals(page)) {
            headers.set("Content-Security-Policy", "sandbox");
        }
        // A page that is replaced meanwhile stays readable through the open file.
        try (InputStream in = Files.newInputStream(file)) {
            exchange.sendResponseHeaders(200, isHead ? -1 : 0);
            if (!isHead) {
                try (OutputStream out = exchange.getResponseBody()) {
                    in.transferTo(out);
                }
            }
        }
    }

    private String type(Path file) {
        String name = file.getFileName().toString();
        return file.equals(page)
                ? "text/html; charset=utf-8"
                : name.endsWith(".txt") ? "text/plain; charset=utf-8" : "application/octet-stream";
    }

    private static void refuse(HttpExchange exchange, int status, String why) throws IOException {
        byte[] text = (why + "\n").getBytes(UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        exchange.sendResponseHeaders(status, text.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(text);
        }
    }

    /** Ends the server, and the answers that are under way. */
    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}

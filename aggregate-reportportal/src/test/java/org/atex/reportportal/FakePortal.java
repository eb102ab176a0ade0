package org.atex.reportportal;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.atex.api.Artifacts;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A server in the place of ReportPortal. It stores launches, items and logs by their UUIDs, records each violation of the
 * rules of the service, and can fail in many ways. Thread-safe.
 */
final class FakePortal implements AutoCloseable {
    static final String TOKEN = "atex_secret-Token.of_a_test";
    static final String PROJECT = "kernel_qe";
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int FIRST_BYTES = 2 << 20;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile String retryAfter = "0";
    private volatile Faults faults = request -> Fault.NONE;

    // All guarded by this.
    private final Map<String, Launch> launches = new LinkedHashMap<>();
    private final Map<String, Item> items = new LinkedHashMap<>();
    private final Map<String, Log> logs = new LinkedHashMap<>();
    private final List<String> violations = new ArrayList<>();
    private final List<String> requests = new ArrayList<>();
    private int repeated;

    static final class Launch {
        ObjectNode start = JSON.createObjectNode();

        @Nullable
        JsonNode finish;
    }

    static final class Item {
        ObjectNode start = JSON.createObjectNode();

        @Nullable
        String parent;

        @Nullable
        JsonNode finish;

        String name() {
            return start.path("name").asString("");
        }

        boolean isTest() {
            return start.path("type").asString("").equals("STEP")
                    && start.path("hasStats").asBoolean(true);
        }

        String status() {
            return finish == null ? "IN_PROGRESS" : finish.path("status").asString("");
        }
    }

    /**
     * A log.
     *
     * @param body its JSON
     * @param fileBytes the size of its file; -1 if it has none
     * @param fileStart the first bytes of its file
     */
    record Log(JsonNode body, long fileBytes, String fileStart) {
        String message() {
            return body.path("message").asString("");
        }

        String level() {
            return body.path("level").asString("");
        }
    }

    /** How a request fails. */
    enum Fault {
        NONE,
        TOO_MANY,
        BROKEN,
        UNAVAILABLE,
        EARLY,
        TOO_LARGE,
        UNAUTHORIZED,
        FORBIDDEN,
        NO_PROJECT,
        REDIRECT,
        BAD_REQUEST,
        GARBAGE,
        CUT_BEFORE,
        CUT_AFTER,
        CUT_INSIDE,
        HANG
    }

    /** Decides how requests fail. */
    @FunctionalInterface
    interface Faults {
        Fault of(Request request);
    }

    /**
     * A request.
     *
     * @param call method and path below the project
     * @param bytes the size of its body
     * @param number its number, from 1
     */
    record Request(String call, long bytes, int number) {}

    FakePortal() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** Makes one run, after which the JVM has the sockets that it never closes. */
    static void warmUp(Path scratch) throws Exception {
        try (FakePortal portal = new FakePortal();
                var aggregator = ReportPortalAggregator.open(
                        scratch.resolve("warm-up"), Portals.project(portal.endpoint()), Portals.options())) {
            aggregator.ingest(TestRecord.of("here", "/warm-up", TestEnd.exited(0)), Artifacts.none());
            aggregator.close();
        }
    }

    URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    void fail(Faults how) {
        faults = how;
    }

    void askForPause(String header) {
        retryAfter = header;
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Body body = Body.read(
                    exchange.getRequestBody(), exchange.getRequestHeaders().getFirst("Content-Type"));
            String path = exchange.getRequestURI().getRawPath();
            String call = exchange.getRequestMethod() + " " + path.replaceFirst("^/api/v([12])/" + PROJECT, "v$1");
            Request request;
            synchronized (this) {
                requests.add(call);
                notifyAll();
                request = new Request(call, body.bytes, requests.size());
            }
            Fault fault = faults.of(request);
            switch (fault) {
                case CUT_BEFORE -> {
                    return;
                }
                case HANG -> {
                    closed.await();
                    return;
                }
                default -> {
                    // Answered below.
                }
            }
            boolean authorized =
                    ("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"));
            Reply reply = authorized ? reply(fault, call, body) : error(401, 40003, "no such token");
            switch (fault) {
                case CUT_AFTER -> {
                    // The client does not know that the request has arrived.
                }
                case CUT_INSIDE -> {
                    exchange.sendResponseHeaders(201, 1000);
                    exchange.getResponseBody().write("{\"id\"".getBytes(StandardCharsets.UTF_8));
                    exchange.getResponseBody().flush();
                }
                case TOO_MANY -> {
                    exchange.getResponseHeaders().set("Retry-After", retryAfter);
                    send(exchange, reply);
                }
                case REDIRECT -> {
                    exchange.getResponseHeaders().set("Location", "http://127.0.0.2/");
                    send(exchange, reply);
                }
                default -> send(exchange, reply);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void send(HttpExchange exchange, Reply reply) throws IOException {
        byte[] bytes = reply.body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(reply.status, bytes.length == 0 ? -1 : bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }

    private record Reply(int status, String body) {}

    private Reply reply(Fault fault, String call, Body body) {
        return switch (fault) {
            case TOO_MANY -> new Reply(429, "slow down");
            case BROKEN -> error(500, 5000, "Unclassified error");
            case UNAVAILABLE -> new Reply(503, "<html>no server</html>");
            case EARLY -> error(406, 40022, "Finish test item is not allowed. It has unfinished children");
            case TOO_LARGE -> new Reply(413, "<html>too large</html>");
            case UNAUTHORIZED -> error(401, 40003, "Bearer " + TOKEN + " is not known");
            case FORBIDDEN -> error(403, 4003, "You do not have enough permissions");
            case NO_PROJECT -> error(404, 4040, "Project '" + PROJECT + "' not found");
            case REDIRECT -> new Reply(302, "");
            case BAD_REQUEST -> error(400, 4001, "Incorrect Request");
            case GARBAGE -> new Reply(200, "<html>please log in</html>");
            default -> accepted(call, body);
        };
    }

    private static Reply error(int status, int code, String message) {
        ObjectNode json = JSON.createObjectNode().put("errorCode", code).put("message", message);
        return new Reply(status, json.toString());
    }

    private synchronized Reply accepted(String call, Body body) {
        JsonNode json = body.json;
        if (call.equals("POST v2/launch")) {
            return startLaunch((ObjectNode) json);
        } else if (call.startsWith("POST v2/item")) {
            String parent = call.length() > "POST v2/item".length() ? call.substring("POST v2/item/".length()) : null;
            return startItem(parent, (ObjectNode) json);
        } else if (call.startsWith("PUT v2/item/")) {
            return finishItem(call.substring("PUT v2/item/".length()), json);
        } else if (call.equals("POST v2/log")) {
            return log(body);
        } else if (call.startsWith("PUT v2/launch/")) {
            return finishLaunch(call.replaceFirst("PUT v2/launch/(.*)/finish", "$1"), json);
        } else if (call.equals("GET v1/settings")) {
            return new Reply(200, "{\"subTypes\":{\"SYSTEM_ISSUE\":[{\"locator\":\"si_own\"}]}}");
        }
        violations.add("unknown call " + call);
        return error(404, 0, "no such call");
    }

    private Reply startLaunch(ObjectNode json) {
        String uuid = json.path("uuid").asString("");
        if (launches.containsKey(uuid)) {
            repeated++;
            return error(409, 4091, "Resource '" + uuid + "' already exists.");
        }
        Launch launch = new Launch();
        launch.start = json;
        launches.put(uuid, launch);
        return created(uuid);
    }

    private static Reply created(String uuid) {
        return new Reply(201, "{\"id\":\"" + uuid + "\"}");
    }

    private Reply startItem(@Nullable String parent, ObjectNode json) {
        String uuid = json.path("uuid").asString("");
        if (items.containsKey(uuid)) {
            repeated++;
            return error(409, 4091, "Resource '" + uuid + "' already exists.");
        }
        Launch launch = launches.get(json.path("launchUuid").asString(""));
        if (launch == null || launch.finish != null) {
            violations.add("item " + json + " without an open launch");
        }
        Item above = parent == null ? null : items.get(parent);
        if (parent != null && above == null) {
            violations.add("item " + json + " before its parent");
        }
        long from = above == null
                ? launch == null ? 0 : launch.start.path("startTime").asLong(0)
                : above.start.path("startTime").asLong(0);
        if (json.path("startTime").asLong(0) < from) {
            violations.add("item " + json + " starts before its parent");
        }
        if (above != null && above.finish != null) {
            violations.add("item " + json + " in a finished item");
        }
        if (json.path("name").asString("").isBlank()
                || json.path("name").asString("").length() > 1024) {
            violations.add("item with the name " + json.path("name"));
        }
        Item item = new Item();
        item.start = json;
        item.parent = parent;
        items.put(uuid, item);
        notifyAll();
        return created(uuid);
    }

    private Reply finishItem(String uuid, JsonNode json) {
        Item item = items.get(uuid);
        if (item == null) {
            violations.add("end of an unknown item " + uuid);
            return error(404, 4043, "Test Item '" + uuid + "' not found");
        }
        if (item.finish != null) {
            repeated++;
            return error(406, 40018, "Reporting for item " + uuid + " already finished.");
        }
        items.forEach((id, child) -> {
            if (uuid.equals(child.parent) && child.finish == null) {
                violations.add("end of " + item.name() + " before that of its child " + child.name());
            }
        });
        if (json.path("endTime").asLong(0) < item.start.path("startTime").asLong(0)) {
            violations.add("end of " + item.name() + " before its start");
        }
        item.finish = json;
        return new Reply(200, "{\"message\":\"finished\"}");
    }

    private Reply log(Body body) {
        ObjectNode answer = JSON.createObjectNode();
        var responses = answer.putArray("responses");
        for (JsonNode json : body.json) {
            String uuid = json.path("uuid").asString("");
            if (logs.containsKey(uuid)) {
                repeated++;
                responses.addObject().put("message", "Log '" + uuid + "' already exists");
                continue;
            }
            Item item = items.get(json.path("itemUuid").asString(""));
            if (item == null) {
                violations.add("log before its item: " + json);
            }
            boolean hasFile = json.has("file");
            if (hasFile && !json.path("file").path("name").asString("").equals(body.fileName)) {
                violations.add("log with a missing file: " + json);
            }
            logs.put(uuid, new Log(json, hasFile ? body.fileBytes : -1, hasFile ? body.fileStart : ""));
            responses.addObject().put("id", uuid);
        }
        return new Reply(201, answer.toString());
    }

    private Reply finishLaunch(String uuid, JsonNode json) {
        Launch launch = launches.get(uuid);
        if (launch == null) {
            violations.add("end of an unknown launch " + uuid);
            return error(404, 4041, "Launch '" + uuid + "' not found");
        }
        if (launch.finish != null) {
            repeated++;
            return error(406, 40023, "Finish launch is not allowed. Launch already finished");
        }
        launch.finish = json;
        return new Reply(200, "{\"message\":\"finished\"}");
    }

    /** {@return each violation of a rule, also of those that are known at the end only} */
    synchronized List<String> violations() {
        List<String> all = new ArrayList<>(violations);
        launches.forEach((uuid, launch) -> {
            if (launch.finish == null) {
                all.add("launch " + uuid + " is not finished");
            }
        });
        items.values().forEach(item -> {
            if (item.finish == null) {
                all.add("item " + item.name() + " is not finished");
            }
        });
        logs.values().forEach(log -> {
            Item item = items.get(log.body.path("itemUuid").asString(""));
            long time = log.body.path("time").asLong(0);
            if (item != null
                    && (time < item.start.path("startTime").asLong(0)
                            || item.finish != null
                                    && time > item.finish.path("endTime").asLong(0))) {
                all.add("log outside the time of " + item.name() + ": " + log.body);
            }
        });
        return all;
    }

    /** {@return the items that are attempts at tests, in the order of their starts} */
    synchronized List<Item> tests() {
        return items.values().stream().filter(Item::isTest).toList();
    }

    /** Waits until a number of tests has started. */
    synchronized void awaitTests(int count) throws InterruptedException {
        while (tests().size() < count) {
            wait();
        }
    }

    synchronized List<Item> items() {
        return List.copyOf(items.values());
    }

    /** {@return the only item with a name} */
    synchronized Item item(String name) {
        List<Item> found =
                items.values().stream().filter(item -> item.name().equals(name)).toList();
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " items are called " + name);
        }
        return found.getFirst();
    }

    /** {@return the logs of an item} */
    synchronized List<Log> logs(Item item) {
        String uuid = item.start.path("uuid").asString("");
        return logs.values().stream()
                .filter(log -> log.body.path("itemUuid").asString("").equals(uuid))
                .toList();
    }

    synchronized List<Launch> launches() {
        return List.copyOf(launches.values());
    }

    synchronized List<String> requests() {
        return List.copyOf(requests);
    }

    /** Waits until a number of requests has come. */
    synchronized void awaitRequests(int count) throws InterruptedException {
        while (requests.size() < count) {
            wait();
        }
    }

    /** Waits until a number of requests has come, or the program that makes them has ended. */
    void awaitRequests(int count, Process process) throws InterruptedException {
        var unused = process.onExit().thenRun(this::wake);
        synchronized (this) {
            while (requests.size() < count && process.isAlive()) {
                wait();
            }
        }
    }

    private synchronized void wake() {
        notifyAll();
    }

    /** {@return how many calls were repeated that had been accepted} */
    synchronized int repeated() {
        return repeated;
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
        threads.close();
    }

    /** A request body, of which only the beginning is kept. */
    private static final class Body {
        private JsonNode json = JSON.createObjectNode();
        private String fileName = "";
        private long fileBytes;
        private String fileStart = "";
        private long bytes;

        static Body read(InputStream in, @Nullable String type) throws IOException {
            Body body = new Body();
            byte[] first = in.readNBytes(FIRST_BYTES);
            body.bytes = first.length;
            byte[] buffer = new byte[1 << 16];
            for (int some = in.read(buffer); some >= 0; some = in.read(buffer)) {
                body.bytes += some;
            }
            if (type != null && type.startsWith("multipart/")) {
                body.multipart(first, type);
            } else if (body.bytes > 0) {
                body.json = JSON.readTree(first);
            }
            return body;
        }

        /** Reads JSON and at most one file after it. */
        private void multipart(byte[] first, String type) {
            // Bytes are characters here, so that positions are those of bytes.
            String text = new String(first, StandardCharsets.ISO_8859_1);
            String boundary = "--" + type.replaceFirst(".*boundary=\"?([^\";]*)\"?.*", "$1");
            int start = text.indexOf("\r\n\r\n") + 4;
            int end = text.indexOf("\r\n" + boundary, start);
            json = JSON.readTree(text.substring(start, end).getBytes(StandardCharsets.ISO_8859_1));
            int headers = end + 2 + boundary.length();
            if (text.startsWith("--", headers)) {
                return;
            }
            int content = text.indexOf("\r\n\r\n", headers) + 4;
            String part = text.substring(headers, content);
            fileName = part.replaceFirst("(?s).*filename=\"([^\"]*)\".*", "$1");
            fileBytes = bytes - content - ("\r\n" + boundary + "--\r\n").length();
            int shown = (int) Math.min(fileBytes, first.length - content);
            fileStart = new String(first, content, shown, StandardCharsets.UTF_8);
        }
    }
}

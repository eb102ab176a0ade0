package org.atex.testingfarm;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.atex.testingfarm.FakeRequest.Script;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * An HTTP server that imitates Testing Farm, including its peculiarities. It records the requests that it receives, and
 * can be told to answer future ones with faults.
 */
final class FakeTestingFarm implements AutoCloseable {
    static final String TOKEN = "s3cret-t0ken";

    /** An HTTP request that was received. */
    record Received(String method, String path, String query, String token, String range) {
        boolean is(String wanted, String pattern) {
            return method.equals(wanted) && path.matches(pattern);
        }
    }

    /** A fault in the answer to an HTTP request. */
    sealed interface Fault {
        /** Another response; the request has no effect. */
        record Respond(int status, String body, String... headers) implements Fault {}

        /** The request takes effect, and its response is lost. */
        record LoseResponse() implements Fault {}

        /** The response is lost, and the request takes effect when the test calls {@link #applyDelayed}. */
        record LoseAndDelay() implements Fault {}

        /** The response is delayed by a time. */
        record Delay(long millis) implements Fault {}

        /** The response is delayed until the test counts down. */
        record Hang(CountDownLatch until) implements Fault {}
    }

    private record PlannedFault(Predicate<Received> matcher, Fault fault) {}

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<String, FakeRequest> requests = new LinkedHashMap<>();
    private final List<Received> received = new ArrayList<>();
    private final List<PlannedFault> faults = new ArrayList<>();
    private final List<JsonNode> delayed = new ArrayList<>();
    private final List<String> composes = new ArrayList<>(List.of("Fedora-41", "Fedora-42", "CentOS-Stream-9"));
    private Function<Integer, Script> scripts = number -> Script.reserving();
    private Function<FakeRequest, String> hosts = request -> request.id + ".guest.example";
    private String user = System.getProperty("user.name");
    private Consumer<FakeRequest> onReserved = request -> {};
    private Consumer<FakeRequest> onGone = request -> {};
    private Clock clock = Clock.systemUTC();
    private String ranch = "public";
    private final Map<String, String> files = new ConcurrentHashMap<>();
    private boolean ranges = true;
    private boolean firewall = true;
    private int submitted;
    private int maxAlive;

    private FakeTestingFarm(HttpServer server) {
        this.server = server;
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    static FakeTestingFarm open() throws IOException {
        return new FakeTestingFarm(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 200));
    }

    /** Runs a server once, so that the leak check knows the sockets that the JDK keeps afterwards. */
    static void warmUp() throws Exception {
        try (FakeTestingFarm farm = open();
                TestingFarmApi api = farm.api().build()) {
            api.about();
        }
    }

    /** Sets the script of each request, by its number from 1. */
    FakeTestingFarm scripts(Function<Integer, Script> script) {
        scripts = script;
        return this;
    }

    FakeTestingFarm hosts(Function<FakeRequest, String> addresses) {
        hosts = addresses;
        return this;
    }

    FakeTestingFarm user(String name) {
        user = name;
        return this;
    }

    FakeTestingFarm onReserved(Consumer<FakeRequest> action) {
        onReserved = action;
        return this;
    }

    FakeTestingFarm onGone(Consumer<FakeRequest> action) {
        onGone = action;
        return this;
    }

    FakeTestingFarm clock(Clock time) {
        clock = time;
        return this;
    }

    FakeTestingFarm ranch(String name) {
        ranch = name;
        return this;
    }

    FakeTestingFarm withoutRanges() {
        ranges = false;
        return this;
    }

    FakeTestingFarm withoutFirewall() {
        firewall = false;
        return this;
    }

    /** Applies a fault to the next matching request. Several faults for the same requests apply one after another. */
    FakeTestingFarm fault(Predicate<Received> matcher, Fault fault) {
        lock.lock();
        try {
            faults.add(new PlannedFault(matcher, fault));
            return this;
        } finally {
            lock.unlock();
        }
    }

    FakeTestingFarm fault(String method, String pattern, Fault fault) {
        return fault(http -> http.is(method, pattern), fault);
    }

    URI uri() {
        return URI.create("http://localhost:" + server.getAddress().getPort());
    }

    /** {@return a client with pauses of a thousandth of the real ones} */
    TestingFarmApi.Builder api() {
        return TestingFarmApi.builder(uri())
                .token(() -> TOKEN)
                .time(Clock.systemUTC(), duration -> Thread.sleep(duration.dividedBy(1000)));
    }

    private void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        URI uri = exchange.getRequestURI();
        String authorization = exchange.getRequestHeaders().getFirst("Authorization");
        String range = exchange.getRequestHeaders().getFirst("Range");
        Received http = new Received(
                exchange.getRequestMethod(),
                uri.getPath(),
                uri.getQuery() == null ? "" : uri.getQuery(),
                authorization == null ? "" : authorization,
                range == null ? "" : range);
        Fault fault = faultFor(http);
        switch (fault) {
            case Fault.Respond respond -> {
                for (int i = 0; i < respond.headers().length; i += 2) {
                    exchange.getResponseHeaders().add(respond.headers()[i], respond.headers()[i + 1]);
                }
                send(exchange, respond.status(), respond.body().getBytes(StandardCharsets.UTF_8));
                return;
            }
            case Fault.Delay delay -> pause(delay.millis());
            case Fault.Hang hang -> await(hang.until());
            case Fault.LoseResponse lost -> {
                answer(exchange, http, body, true);
                throw new IOException("the response is lost");
            }
            case Fault.LoseAndDelay later -> {
                lock.lock();
                try {
                    delayed.add(JsonMapper.shared().readTree(body));
                } finally {
                    lock.unlock();
                }
                throw new IOException("the response is lost");
            }
            case null -> {}
        }
        answer(exchange, http, body, false);
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void await(CountDownLatch until) {
        try {
            until.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Fault faultFor(Received http) {
        lock.lock();
        try {
            received.add(http);
            changed.signalAll();
            for (PlannedFault planned : faults) {
                if (planned.matcher().test(http)) {
                    faults.remove(planned);
                    return planned.fault();
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private record Reply(int status, byte[] body, String contentRange) {
        static Reply json(int status, String text) {
            return new Reply(status, text.getBytes(StandardCharsets.UTF_8), "");
        }
    }

    private void answer(HttpExchange exchange, Received http, byte[] body, boolean lost) throws IOException {
        Reply reply;
        lock.lock();
        try {
            reply = reply(http, body);
            changed.signalAll();
        } catch (RuntimeException e) {
            reply = Reply.json(400, "{\"message\": \"" + e + "\"}");
        } finally {
            lock.unlock();
        }
        if (!lost) {
            if (!reply.contentRange().isEmpty()) {
                exchange.getResponseHeaders().add("Content-Range", reply.contentRange());
            }
            send(exchange, reply.status(), reply.body());
        }
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private Reply reply(Received http, byte[] body) {
        boolean known = http.token().equals("Bearer " + TOKEN);
        if (!http.token().isEmpty() && !known) {
            boolean isGet = http.is("GET", "/v0.1/requests/.+");
            return isGet
                    ? Reply.json(403, "")
                    : Reply.json(401, "{\"message\": \"Not authorized to perform this action\"}");
        }
        String[] path = http.path().substring(1).split("/");
        return switch (path[0] + "/" + (path.length > 1 ? path[1] : "")) {
            case "v0.1/about" -> Reply.json(200, "{\"version\": \"2026-10.1\", \"release_notes\": null}");
            case "v0.1/whoami" ->
                known
                        ? Reply.json(200, whoami())
                        : Reply.json(401, "{\"code\": 7, \"message\": \"Not authorized to perform this action\"}");
            case "v0.2/composes" -> Reply.json(200, composes());
            case "v0.1/requests" -> path.length > 2 ? one(http, path[2], known) : all(http, body, known);
            default -> path[0].equals("artifacts") ? file(http, path) : Reply.json(404, "{\"detail\": \"Not Found\"}");
        };
    }

    private String whoami() {
        return "{\"token\": {\"id\": \"token-1\", \"name\": \"ci\", \"enabled\": true, \"ranch\": \"" + ranch
                + "\", \"role\": null}, \"user\": {\"auth_name\": \"jane\"}}";
    }

    private String composes() {
        StringBuilder json = new StringBuilder("{\"composes\": [{\"name\": \"RHEL-.*-Nightly\", \"type\": \"regex\"}");
        composes.forEach(name -> json.append(", {\"name\": \"" + name + "\", \"type\": \"compose\"}"));
        return json.append("]}").toString();
    }

    private Reply all(Received http, byte[] body, boolean known) {
        if (http.method().equals("POST")) {
            return known
                    ? submit(JsonMapper.shared().readTree(body))
                    : Reply.json(401, "{\"message\": \"Not authorized to perform this action\"}");
        }
        String state = http.query().replaceFirst(".*\\bstate=([a-z-]+).*", "$1");
        List<String> found = requests.values().stream()
                .filter(request -> request.state.equals(state))
                .map(request -> request.json(artifacts(request)))
                .toList();
        return Reply.json(200, found.isEmpty() ? "null" : "[" + String.join(",", found) + "]");
    }

    private Reply submit(JsonNode body) {
        String compose = body.at("/environments/0/os/compose").asString("");
        if (!composes.contains(compose)) {
            return Reply.json(400, "{\"message\": \"Compose '" + compose + "' does not exist\"}");
        }
        for (String kind : List.of("variables", "secrets")) {
            for (JsonNode value : body.at("/environments/0/" + kind).values()) {
                if (!value.isString()) {
                    return Reply.json(
                            422,
                            "{\"detail\": [{\"loc\": [\"body\", \"" + kind + "\"], \"msg\": \"str type expected\"}]}");
                }
            }
        }
        boolean open = !body.at("/environments/0/settings/provisioning/security_group_rules_ingress")
                .isEmpty();
        if (firewall && ranch.equals("public") && !open) {
            return Reply.json(400, "{\"message\": \"no ingress rule\"}");
        }
        String id = "%08d-0000-4000-8000-000000000000".formatted(++submitted);
        FakeRequest request = new FakeRequest(id, body, scripts.apply(submitted), clock.instant());
        if (request.keys().stream().noneMatch(key -> key.startsWith("ssh-"))) {
            return Reply.json(400, "{\"message\": \"no key\"}");
        }
        requests.put(id, request);
        maxAlive = Math.max(maxAlive, alive().size());
        return Reply.json(200, "{\"id\": \"" + id + "\", \"created\": \"now\"}");
    }

    private Reply one(Received http, String id, boolean known) {
        FakeRequest request = requests.get(id);
        if (request == null) {
            return id.matches("[0-9a-f-]{36}")
                    ? Reply.json(404, "{\"message\": \"no such request\"}")
                    : Reply.json(
                            422,
                            "{\"detail\": [{\"loc\": [\"path\", \"id\"], \"msg\": \"value is not a valid uuid\"}]}");
        }
        boolean before = request.isAlive();
        Reply reply;
        if (http.method().equals("DELETE")) {
            if (!known) {
                return Reply.json(401, "{\"message\": \"Not authorized to perform this action\"}");
            }
            int status = request.state.equals("canceled") ? 204 : request.isAlive() ? 200 : 409;
            request.cancel();
            reply = Reply.json(status, status == 200 ? request.json(artifacts(request)) : "");
        } else {
            request.advance();
            reply = Reply.json(200, request.json(artifacts(request)));
        }
        if (before && !request.isAlive()) {
            onGone.accept(request);
        }
        return reply;
    }

    private URI artifacts(FakeRequest request) {
        return uri().resolve("/artifacts/" + request.id);
    }

    private Reply file(Received http, String[] path) {
        String name = String.join("/", List.of(path).subList(2, path.length));
        String text = files.get(name);
        return text == null && !name.equals("pipeline.log")
                ? Reply.json(404, "<html>not there</html>")
                : text == null ? log(http, path[1]) : new Reply(200, text.getBytes(StandardCharsets.UTF_8), "");
    }

    /** Adds a file to the artifacts of every request. */
    void file(String name, String text) {
        files.put(name, text);
    }

    private Reply log(Received http, String id) {
        FakeRequest request = requests.get(id);
        boolean before = request.isReserved();
        int status = request.advanceLog();
        if (status != 200) {
            return Reply.json(status, "<html>not there</html>");
        }
        if (!before && request.isReserved()) {
            onReserved.accept(request);
        }
        byte[] log = request.log(user, hosts.apply(request));
        if (!ranges || http.range().isEmpty()) {
            return new Reply(200, log, "");
        }
        int from = Integer.parseInt(http.range().replaceAll("[^0-9]", ""));
        return from >= log.length
                ? new Reply(416, new byte[0], "bytes */" + log.length)
                : new Reply(
                        206,
                        Arrays.copyOfRange(log, from, log.length),
                        "bytes " + from + "-" + (log.length - 1) + "/" + log.length);
    }

    /**
     * Sets a state from outside, such as a cancellation by another client, a failed machine or the end of the
     * reservation.
     */
    void setState(String id, String state) {
        lock.lock();
        try {
            requests.get(id).state = state;
        } finally {
            lock.unlock();
        }
    }

    /** Submits the requests of {@link Fault.LoseAndDelay}. */
    void applyDelayed() {
        lock.lock();
        try {
            delayed.forEach(this::submit);
            delayed.clear();
        } finally {
            lock.unlock();
        }
    }

    List<Received> received() {
        lock.lock();
        try {
            return List.copyOf(received);
        } finally {
            lock.unlock();
        }
    }

    long count(String method, String pattern) {
        return received().stream().filter(http -> http.is(method, pattern)).count();
    }

    List<FakeRequest> requests() {
        lock.lock();
        try {
            return List.copyOf(requests.values());
        } finally {
            lock.unlock();
        }
    }

    /** {@return the ids of the requests that are not over} */
    List<String> alive() {
        return requests().stream()
                .filter(FakeRequest::isAlive)
                .map(request -> request.id)
                .toList();
    }

    /** {@return the maximum number of requests that were not over at the same time} */
    int maxAlive() {
        lock.lock();
        try {
            return maxAlive;
        } finally {
            lock.unlock();
        }
    }

    /** {@return the tags of submissions that created more than one request} */
    List<String> reservedTwice() {
        List<String> tags = requests().stream()
                .map(request -> request.tag(NewRequest.SUBMISSION_TAG))
                .toList();
        return tags.stream()
                .filter(tag -> tags.indexOf(tag) != tags.lastIndexOf(tag))
                .distinct()
                .toList();
    }

    void await(String what, Predicate<FakeTestingFarm> condition) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.SECONDS.toNanos(20);
            while (!condition.test(this)) {
                if (nanos <= 0) {
                    throw new AssertionError("not within 20 s: " + what + "; received: " + received);
                }
                nanos = changed.awaitNanos(nanos);
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

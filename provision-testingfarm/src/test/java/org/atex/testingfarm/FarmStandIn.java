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
import org.atex.testingfarm.StandInRequest.Life;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A real web server that behaves as Testing Farm does, its odd ways included. It keeps what it was asked, and has faults for
 * the questions to come.
 */
final class FarmStandIn implements AutoCloseable {
    static final String TOKEN = "s3cret-t0ken";

    /** What was asked. */
    record Question(String method, String path, String query, String token, String range) {
        boolean is(String wanted, String pattern) {
            return method.equals(wanted) && path.matches(pattern);
        }
    }

    /** What goes wrong. */
    sealed interface Fault {
        /** Another answer in place of the right one, which takes no effect. */
        record Says(int status, String body, String... headers) implements Fault {}

        /** It takes effect, and the answer is lost. */
        record Loses() implements Fault {}

        /** The answer is lost, and it takes effect when the test says so. */
        record LosesAndWaits() implements Fault {}

        /** It takes its time. */
        record Stalls(long millis) implements Fault {}

        /** It takes until the test says so. */
        record Hangs(CountDownLatch until) implements Fault {}
    }

    private record Planned(Predicate<Question> which, Fault fault) {}

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<String, StandInRequest> requests = new LinkedHashMap<>();
    private final List<Question> questions = new ArrayList<>();
    private final List<Planned> faults = new ArrayList<>();
    private final List<JsonNode> withheld = new ArrayList<>();
    private final List<String> composes = new ArrayList<>(List.of("Fedora-41", "Fedora-42", "CentOS-Stream-9"));
    private Function<Integer, Life> lives = number -> Life.usual();
    private Function<StandInRequest, String> hosts = request -> request.id + ".guest.example";
    private String user = System.getProperty("user.name");
    private Consumer<StandInRequest> onReserved = request -> {};
    private Consumer<StandInRequest> onGone = request -> {};
    private Clock clock = Clock.systemUTC();
    private String ranch = "public";
    private final Map<String, String> files = new ConcurrentHashMap<>();
    private boolean ranges = true;
    private boolean firewall = true;
    private int submitted;
    private int mostAlive;

    private FarmStandIn(HttpServer server) {
        this.server = server;
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    static FarmStandIn open() throws IOException {
        return new FarmStandIn(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 200));
    }

    /** So that the leak check knows the sockets that Java itself keeps once there was a server. */
    static void warmUp() throws Exception {
        try (FarmStandIn farm = open();
                TestingFarmApi api = farm.api().build()) {
            api.about();
        }
    }

    /** What becomes of each request, by its number from 1. */
    FarmStandIn lives(Function<Integer, Life> script) {
        lives = script;
        return this;
    }

    FarmStandIn hosts(Function<StandInRequest, String> addresses) {
        hosts = addresses;
        return this;
    }

    FarmStandIn user(String name) {
        user = name;
        return this;
    }

    FarmStandIn onReserved(Consumer<StandInRequest> action) {
        onReserved = action;
        return this;
    }

    FarmStandIn onGone(Consumer<StandInRequest> action) {
        onGone = action;
        return this;
    }

    FarmStandIn clock(Clock time) {
        clock = time;
        return this;
    }

    FarmStandIn ranch(String name) {
        ranch = name;
        return this;
    }

    FarmStandIn withoutRanges() {
        ranges = false;
        return this;
    }

    FarmStandIn withoutFirewall() {
        firewall = false;
        return this;
    }

    /** The next that matches goes wrong; several of these apply one after another. */
    FarmStandIn fault(Predicate<Question> which, Fault fault) {
        lock.lock();
        try {
            faults.add(new Planned(which, fault));
            return this;
        } finally {
            lock.unlock();
        }
    }

    FarmStandIn fault(String method, String pattern, Fault fault) {
        return fault(question -> question.is(method, pattern), fault);
    }

    URI uri() {
        return URI.create("http://localhost:" + server.getAddress().getPort());
    }

    /** {@return a client that asks again soon} */
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
        Question question = new Question(
                exchange.getRequestMethod(),
                uri.getPath(),
                uri.getQuery() == null ? "" : uri.getQuery(),
                authorization == null ? "" : authorization,
                range == null ? "" : range);
        Fault fault = ask(question);
        switch (fault) {
            case Fault.Says says -> {
                for (int i = 0; i < says.headers().length; i += 2) {
                    exchange.getResponseHeaders().add(says.headers()[i], says.headers()[i + 1]);
                }
                send(exchange, says.status(), says.body().getBytes(StandardCharsets.UTF_8));
                return;
            }
            case Fault.Stalls stalls -> pause(stalls.millis());
            case Fault.Hangs hangs -> await(hangs.until());
            case Fault.Loses loses -> {
                answer(exchange, question, body, true);
                throw new IOException("the answer is lost");
            }
            case Fault.LosesAndWaits waits -> {
                lock.lock();
                try {
                    withheld.add(JsonMapper.shared().readTree(body));
                } finally {
                    lock.unlock();
                }
                throw new IOException("the answer is lost");
            }
            case null -> {}
        }
        answer(exchange, question, body, false);
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

    private Fault ask(Question question) {
        lock.lock();
        try {
            questions.add(question);
            changed.signalAll();
            for (Planned planned : faults) {
                if (planned.which().test(question)) {
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

    private void answer(HttpExchange exchange, Question question, byte[] body, boolean lost) throws IOException {
        Reply reply;
        lock.lock();
        try {
            reply = reply(question, body);
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

    private Reply reply(Question question, byte[] body) {
        boolean known = question.token().equals("Bearer " + TOKEN);
        if (!question.token().isEmpty() && !known) {
            boolean look = question.is("GET", "/v0.1/requests/.+");
            return look
                    ? Reply.json(403, "")
                    : Reply.json(401, "{\"message\": \"Not authorized to perform this action\"}");
        }
        String[] path = question.path().substring(1).split("/");
        return switch (path[0] + "/" + (path.length > 1 ? path[1] : "")) {
            case "v0.1/about" -> Reply.json(200, "{\"version\": \"2026-10.1\", \"release_notes\": null}");
            case "v0.1/whoami" ->
                known
                        ? Reply.json(200, whoami())
                        : Reply.json(401, "{\"code\": 7, \"message\": \"Not authorized to perform this action\"}");
            case "v0.2/composes" -> Reply.json(200, composes());
            case "v0.1/requests" -> path.length > 2 ? one(question, path[2], known) : all(question, body, known);
            default ->
                path[0].equals("artifacts") ? file(question, path) : Reply.json(404, "{\"detail\": \"Not Found\"}");
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

    private Reply all(Question question, byte[] body, boolean known) {
        if (question.method().equals("POST")) {
            return known
                    ? submit(JsonMapper.shared().readTree(body))
                    : Reply.json(401, "{\"message\": \"Not authorized to perform this action\"}");
        }
        String state = question.query().replaceFirst(".*\\bstate=([a-z-]+).*", "$1");
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
            return Reply.json(400, "{\"message\": \"nobody could get in\"}");
        }
        String id = "%08d-0000-4000-8000-000000000000".formatted(++submitted);
        StandInRequest request = new StandInRequest(id, body, lives.apply(submitted), clock.instant());
        if (request.keys().stream().noneMatch(key -> key.startsWith("ssh-"))) {
            return Reply.json(400, "{\"message\": \"no key\"}");
        }
        requests.put(id, request);
        mostAlive = Math.max(mostAlive, alive().size());
        return Reply.json(200, "{\"id\": \"" + id + "\", \"created\": \"now\"}");
    }

    private Reply one(Question question, String id, boolean known) {
        StandInRequest request = requests.get(id);
        if (request == null) {
            return id.matches("[0-9a-f-]{36}")
                    ? Reply.json(404, "{\"message\": \"no such request\"}")
                    : Reply.json(
                            422,
                            "{\"detail\": [{\"loc\": [\"path\", \"id\"], \"msg\": \"value is not a valid uuid\"}]}");
        }
        boolean before = request.isAlive();
        Reply reply;
        if (question.method().equals("DELETE")) {
            if (!known) {
                return Reply.json(401, "{\"message\": \"Not authorized to perform this action\"}");
            }
            int status = request.state.equals("canceled") ? 204 : request.isAlive() ? 200 : 409;
            request.cancel();
            reply = Reply.json(status, status == 200 ? request.json(artifacts(request)) : "");
        } else {
            request.look();
            reply = Reply.json(200, request.json(artifacts(request)));
        }
        if (before && !request.isAlive()) {
            onGone.accept(request);
        }
        return reply;
    }

    private URI artifacts(StandInRequest request) {
        return uri().resolve("/artifacts/" + request.id);
    }

    private Reply file(Question question, String[] path) {
        String name = String.join("/", List.of(path).subList(2, path.length));
        String text = files.get(name);
        return text == null && !name.equals("pipeline.log")
                ? Reply.json(404, "<html>not there</html>")
                : text == null ? log(question, path[1]) : new Reply(200, text.getBytes(StandardCharsets.UTF_8), "");
    }

    /** These files are among the artifacts of each request. */
    void file(String name, String text) {
        files.put(name, text);
    }

    private Reply log(Question question, String id) {
        StandInRequest request = requests.get(id);
        boolean before = request.isReserved();
        int status = request.logLook();
        if (status != 200) {
            return Reply.json(status, "<html>not there</html>");
        }
        if (!before && request.isReserved()) {
            onReserved.accept(request);
        }
        byte[] log = request.log(user, hosts.apply(request));
        if (!ranges || question.range().isEmpty()) {
            return new Reply(200, log, "");
        }
        int from = Integer.parseInt(question.range().replaceAll("[^0-9]", ""));
        return from >= log.length
                ? new Reply(416, new byte[0], "bytes */" + log.length)
                : new Reply(
                        206,
                        Arrays.copyOfRange(log, from, log.length),
                        "bytes " + from + "-" + (log.length - 1) + "/" + log.length);
    }

    /** Somebody else cancels it, or the machine dies, or its time is over. */
    void becomes(String id, String state) {
        lock.lock();
        try {
            requests.get(id).state = state;
        } finally {
            lock.unlock();
        }
    }

    /** What was lost takes effect now. */
    void deliverWithheld() {
        lock.lock();
        try {
            withheld.forEach(this::submit);
            withheld.clear();
        } finally {
            lock.unlock();
        }
    }

    List<Question> questions() {
        lock.lock();
        try {
            return List.copyOf(questions);
        } finally {
            lock.unlock();
        }
    }

    long count(String method, String pattern) {
        return questions().stream()
                .filter(question -> question.is(method, pattern))
                .count();
    }

    List<StandInRequest> requests() {
        lock.lock();
        try {
            return List.copyOf(requests.values());
        } finally {
            lock.unlock();
        }
    }

    /** {@return the ids of what is not over} */
    List<String> alive() {
        return requests().stream()
                .filter(StandInRequest::isAlive)
                .map(request -> request.id)
                .toList();
    }

    /** {@return how many there were at once that were not over} */
    int mostAlive() {
        lock.lock();
        try {
            return mostAlive;
        } finally {
            lock.unlock();
        }
    }

    /** {@return the tags of submissions of which there is more than one request} */
    List<String> reservedTwice() {
        List<String> tags = requests().stream()
                .map(request -> request.tag(NewRequest.SUBMISSION_TAG))
                .toList();
        return tags.stream()
                .filter(tag -> tags.indexOf(tag) != tags.lastIndexOf(tag))
                .distinct()
                .toList();
    }

    void await(String what, Predicate<FarmStandIn> condition) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.SECONDS.toNanos(20);
            while (!condition.test(this)) {
                if (nanos <= 0) {
                    throw new AssertionError("never: " + what + "; it was asked " + questions);
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

package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.atex.lab.ChildJvm;
import org.atex.lab.OpenSsh;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the command as a user does, with a server with one reservation, which ends when it is cancelled. */
@Timeout(180)
class FarmCommandTest {
    private static final String ID = "00000001-0000-4000-8000-000000000000";

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private volatile String state = "running";
    private volatile String log = "a line\n";
    private volatile boolean isSubmissionAccepted;
    private HttpServer server;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String question = exchange.getRequestMethod() + " " + exchange.getRequestURI();
        asked.add(question);
        String here = "http://localhost:" + server.getAddress().getPort();
        String request = "{\"id\": \"" + ID + "\", \"state\": \"" + state + "\", \"created\": \"2026-11-21T10:00:00\","
                + " \"environments_requested\": [{\"arch\": \"x86_64\", \"os\": {\"compose\": \"Fedora-41\"},"
                + " \"variables\": {\"TF_RESERVATION_DURATION\": \"30\"},"
                + " \"settings\": {\"provisioning\": {\"tags\": {\"AtexRun\": \"run-1\"}}}}],"
                + " \"run\": {\"artifacts\": \"" + here + "/artifacts\"}, \"notes\": [{\"message\": \"a note\"}]}";
        int status = 200;
        String body = switch (exchange.getRequestURI().getPath()) {
            case "/v0.1/about" -> "{\"version\": \"7.0\"}";
            case "/v0.1/whoami" ->
                "{\"token\": {\"id\": \"t1\", \"name\": \"ci\", \"ranch\": \"public\"}, \"user\": {\"auth_name\": \"jane\"}}";
            case "/v0.2/composes/public" ->
                "{\"composes\": [{\"name\": \"Fedora-41\"}, {\"name\": \"A.*\", \"type\": \"regex\"}]}";
            case "/v0.1/requests" ->
                question.startsWith("POST")
                        ? request
                        : question.contains("state=" + state + "&") ? "[" + request + "]" : "null";
            case "/artifacts/pipeline.log" -> log;
            default -> request;
        };
        if (question.startsWith("POST") && !isSubmissionAccepted) {
            status = 400;
            body = "{\"message\": \"Compose does not exist\"}";
        } else if (question.startsWith("DELETE")) {
            state = "canceled";
        }
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private int run(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        if (!all.isEmpty()) {
            all.addAll(
                    1,
                    List.of("--api", "http://localhost:" + server.getAddress().getPort(), "--poll", "0.02"));
        }
        return Farm.run(
                new StringReader("\n"),
                () -> "secret",
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                all.toArray(String[]::new));
    }

    private List<String> lines(String... arguments) {
        assertThat(run(arguments)).as(err.toString()).isZero();
        return out.toString().lines().toList();
    }

    @Test
    void showsTheOwnerOfTheToken() {
        assertThat(lines("whoami")).containsExactly("token ci (t1) of jane, ranch public");
    }

    @Test
    void listsComposes() {
        assertThat(lines("composes")).containsExactly("A.*  (a pattern)", "Fedora-41");
    }

    @Test
    void listsReservations() {
        String line = ID + "  running  Fedora-41  x86_64  2026-11-21T10:00:00Z  run-1";
        assertThat(lines("list")).containsExactly(line);
        out.getBuffer().setLength(0);
        assertThat(lines("list", "--run", "run-1")).containsExactly(line);
        out.getBuffer().setLength(0);
        assertThat(lines("list", "--run", "run-2")).isEmpty();
    }

    @Test
    void showsTheService() {
        assertThat(lines("about"))
                .containsExactly("http://localhost:" + server.getAddress().getPort() + ", version 7.0");
    }

    @Test
    void showsARequest() {
        assertThat(lines("get-request", ID))
                .contains(
                        "id         " + ID,
                        "state      running",
                        "compose    Fedora-41",
                        "variable   TF_RESERVATION_DURATION=30",
                        "tag        AtexRun=run-1",
                        "note       a note");
    }

    @Test
    void countsRequests() {
        assertThat(lines("stats"))
                .containsExactly(
                        "new              0, of these 0 reservations",
                        "queued           0, of these 0 reservations",
                        "running          1, of these 1 reservations",
                        "cancel-requested 0, of these 0 reservations");
    }

    @Test
    void cancelsRequests() {
        assertThat(lines("cancel", ID)).containsExactly(ID + "  requested");
        assertThat(asked).containsExactly("DELETE /v0.1/requests/" + ID);
    }

    @Test
    void cancelsAllRequestsOfARun() {
        assertThat(lines("cancel", "--run", "run-1")).isEmpty();
        assertThat(state).isEqualTo("canceled");
    }

    @Test
    void watchesARequestToItsEnd() {
        state = "complete";
        assertThat(lines("watch", ID)).containsExactly("complete", "    a line", "note: a note", "result: null");
    }

    @Test
    void explainsARefusedReservation() {
        assertThat(run("reserve", "--compose", "Fedora-14", "--cidr", "192.0.2.1/32"))
                .isEqualTo(2);
        assertThat(err.toString())
                .startsWith("farm: could not reserve Fedora-14 x86_64 at ")
                .contains("Compose does not exist", "closest names: Fedora-41");
    }

    /** As a program of its own, since the session reads its standard input. */
    @Test
    void opensAnSshSessionAfterAScript(@TempDir Path directory) throws Exception {
        Path script = Files.writeString(directory.resolve("prepare.sh"), "echo prepared; echo a warning >&2; exit 3\n");
        Path key = directory.resolve("id");
        OpenSsh.key(key, "");
        isSubmissionAccepted = true;
        log = "Guest is ready: ArtemisGuest(a1, " + System.getProperty("user.name")
                + "@127.0.0.1, arch=x86_64)\nstarting tests execution\n";
        try (OpenSsh sshd = OpenSsh.start(Files.createDirectory(directory.resolve("sshd")))) {
            sshd.authorize(Files.readString(directory.resolve("id.pub")).strip());
            List<String> command = ChildJvm.java();
            command.addAll(List.of(
                    "-cp",
                    ClassPath.ofPrograms(),
                    Farm.class.getName(),
                    "reserve",
                    "--api",
                    "http://localhost:" + server.getAddress().getPort(),
                    "--poll",
                    "0.05",
                    "--compose",
                    "Fedora-41",
                    "--cidr",
                    "192.0.2.1/32",
                    "--key",
                    key.toString(),
                    "--port",
                    String.valueOf(sshd.address().getPort()),
                    "--script",
                    script.toString(),
                    "--ssh"));
            ProcessBuilder program = new ProcessBuilder(command);
            program.environment().put("TESTING_FARM_API_TOKEN", "secret");
            Process process = program.redirectErrorStream(true)
                    .redirectInput(Files.writeString(directory.resolve("typed"), "echo ins''ide; exit 4\n")
                            .toFile())
                    .start();
            String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(process.waitFor()).as(printed).isZero();
            assertThat(printed.lines())
                    .contains("prepared", "a warning", script + " failed: exit code 3", "inside")
                    .contains("the ssh session has ended with exit code 4, and with it the reservation");
            assertThat(state).isEqualTo("canceled");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nothing",
                "whoami more",
                "reserve",
                "reserve --compose F --minutes many",
                "reserve --compose F --key /no/such/key",
                "cancel",
                "cancel ../x",
                "watch",
                "list --days soon"
            })
    void badInputIsReportedInOneLine(String arguments) {
        assertThat(run(arguments.isEmpty() ? new String[0] : arguments.split(" ")))
                .as(err.toString())
                .isEqualTo(2);
        assertThat(err.toString()).startsWith("farm: ").hasLineCount(1);
        assertThat(asked).isEmpty();
    }
}

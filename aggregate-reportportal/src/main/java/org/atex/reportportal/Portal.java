package org.atex.reportportal;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.entity.mime.HttpMultipartMode;
import org.apache.hc.client5.http.entity.mime.MultipartEntityBuilder;
import org.apache.hc.client5.http.entity.mime.StringBody;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.atex.artifacts.PlainText;
import org.atex.http.HttpExchanges;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The calls of the service that are needed. Each method makes one exchange. Thread-safe. */
final class Portal implements AutoCloseable {
    private static final int MAX_REASON = 500;
    private static final int MAX_RESPONSE_BYTES = 1 << 20;
    private static final int PROJECT_NOT_FOUND = 4040;
    private static final int ALREADY_EXISTS = 4091;
    private static final int ALREADY_FINISHED = 40_018;
    private static final int FINISH_ITEM_NOT_ALLOWED = 40_022;
    private static final int FINISH_LAUNCH_NOT_ALLOWED = 40_023;

    private final ReportPortalProject project;
    private final ReportPortalOptions options;
    private final HttpExchanges http;

    Portal(ReportPortalProject project, ReportPortalOptions options) {
        this.project = project;
        this.options = options;
        int connections = options.senders() + 1;
        this.http = new HttpExchanges(project.tls(), connections, connections);
    }

    Answer startLaunch(JsonNode body) throws InterruptedException {
        return call("POST", "v2", "/launch", json(body), options.tuning().callWithin());
    }

    Answer startItem(@Nullable String parent, JsonNode body) throws InterruptedException {
        String path = parent == null ? "/item" : "/item/" + parent;
        return call("POST", "v2", path, json(body), options.tuning().callWithin());
    }

    Answer finishItem(String item, JsonNode body) throws InterruptedException {
        return call("PUT", "v2", "/item/" + item, json(body), options.tuning().callWithin());
    }

    Answer finishLaunch(UUID launch, JsonNode body) throws InterruptedException {
        return call(
                "PUT",
                "v2",
                "/launch/" + launch + "/finish",
                json(body),
                options.tuning().callWithin());
    }

    Answer settings() throws InterruptedException {
        return call("GET", "v1", "/settings", null, options.tuning().callWithin());
    }

    Answer log(List<LogEntry> entries) throws InterruptedException {
        ArrayNode array = Json.array();
        MultipartEntityBuilder parts = MultipartEntityBuilder.create().setMode(HttpMultipartMode.STRICT);
        boolean hasFile = false;
        for (LogEntry entry : entries) {
            ObjectNode body = entry.body().deepCopy();
            Attachment file = entry.file();
            if (file != null) {
                body.putObject("file").put("name", file.name());
                hasFile = true;
            }
            array.add(body);
        }
        parts.addPart(
                "json_request_part",
                new StringBody(new String(Json.bytes(array), StandardCharsets.UTF_8), ContentType.APPLICATION_JSON));
        for (LogEntry entry : entries) {
            if (entry.file() != null) {
                parts.addPart("binary_part", entry.file().body());
            }
        }
        return call(
                "POST",
                "v2",
                "/log",
                parts.build(),
                hasFile ? options.tuning().uploadWithin() : options.tuning().callWithin());
    }

    private static HttpEntity json(JsonNode body) {
        return new ByteArrayEntity(Json.bytes(body), ContentType.APPLICATION_JSON);
    }

    private Answer call(String method, String version, String path, @Nullable HttpEntity body, Duration within)
            throws InterruptedException {
        String name = URLEncoder.encode(project.name(), StandardCharsets.UTF_8).replace("+", "%20");
        URI uri = URI.create(project.endpoint() + "/api/" + version + "/" + name + path);
        try {
            Map<String, String> headers = Map.of(HttpHeaders.AUTHORIZATION, "Bearer " + project.token());
            return meaning(
                    http.send(new HttpExchanges.Request(method, uri, headers, body, MAX_RESPONSE_BYTES), within));
        } catch (IOException e) {
            String hint = e instanceof SSLException ? "; see ReportPortalProject.withTls()" : "";
            return new Answer.Later(redacted(HttpExchanges.reason(e) + hint), Duration.ZERO);
        }
    }

    private Answer meaning(HttpExchanges.Response response) {
        int status = response.status();
        String text = response.text();
        ObjectNode json = parsed(text);
        int code = json == null ? 0 : json.path("errorCode").asInt(0);
        String why = "status " + status + (json == null ? "" : reason(json, code));
        if (status >= 200 && status < 300) {
            // A proxy may answer with a page of its own.
            return json == null || code != 0
                    ? new Answer.Later("the answer is not one of ReportPortal: " + why, Duration.ZERO)
                    : new Answer.Done(json);
        }
        if (status >= 300 && status < 400) {
            return new Answer.Hopeless(why + ", a redirection to "
                    + redacted(String.valueOf(response.header(HttpHeaders.LOCATION)))
                    + "; redirections are not followed, as the token must not go to another host: use the final"
                    + " address as the endpoint");
        }
        return switch (status) {
            case 401 ->
                new Answer.Hopeless(
                        why + "; create a new API key in the profile of the user, and pass it as the token");
            case 403, 407 ->
                new Answer.Hopeless(why + "; add the user of the token to the project, with a role that may report");
            case 404 ->
                code == 0 || code == PROJECT_NOT_FOUND
                        ? new Answer.Hopeless(why + "; check the endpoint and the name of the project, which the"
                                + " addresses of its pages contain in lower case")
                        : new Answer.Early(why);
            case 408, 425, 429 -> new Answer.Later(why, pause(response));
            case 413 -> new Answer.TooLarge(why);
            default -> status >= 500 ? new Answer.Later(why, pause(response)) : refusal(status, code, why);
        };
    }

    private static Answer refusal(int status, int code, String why) {
        boolean wasSent = status == 409
                || code == ALREADY_EXISTS
                || code == ALREADY_FINISHED
                || code == FINISH_LAUNCH_NOT_ALLOWED && why.contains("already finished");
        if (wasSent) {
            return new Answer.Done(Json.object());
        }
        return code == FINISH_ITEM_NOT_ALLOWED || code == FINISH_LAUNCH_NOT_ALLOWED
                ? new Answer.Early(why)
                : new Answer.Refused(why);
    }

    private Duration pause(HttpExchanges.Response response) {
        Duration after = response.retryAfter(options.tuning().clock().instant());
        return after == null ? Duration.ZERO : after;
    }

    private static @Nullable ObjectNode parsed(String text) {
        try {
            return Json.parse(text);
        } catch (IOException e) {
            return null;
        }
    }

    private String reason(ObjectNode json, int code) {
        String message = json.path("message").asString("");
        return (code == 0 ? "" : ", error " + code) + (message.isEmpty() ? "" : ": " + redacted(message));
    }

    /** {@return a text of the service on one line, without the token, which a proxy may repeat in its answer} */
    String redacted(String text) {
        String line = PlainText.lines(text).replaceAll("\\s+", " ").strip();
        return PlainText.cut(line.replace(project.token(), "(hidden)"), MAX_REASON);
    }

    @Override
    public void close() {
        http.close();
    }
}

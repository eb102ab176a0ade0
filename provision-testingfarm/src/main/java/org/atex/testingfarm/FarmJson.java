package org.atex.testingfarm;

import java.net.URI;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Parses the JSON responses of the service. Any part may be missing, null or of an unexpected type. */
final class FarmJson {
    private static final int MAX_MESSAGE_LENGTH = 500;

    private final JsonMapper mapper = JsonMapper.shared();

    /**
     * {@return the parsed text}
     *
     * @throws IllegalArgumentException if it is not JSON
     */
    JsonNode parse(String text) {
        try {
            return mapper.readTree(text);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
        }
    }

    FarmRequest request(JsonNode json) {
        if (!isRequest(json)) {
            throw new IllegalArgumentException("a request without a valid id");
        }
        String id = json.path("id").asString("");
        JsonNode environment = json.path("environments_requested").path(0);
        JsonNode result = json.path("result");
        return new FarmRequest(
                id,
                RequestState.of(text(json, "state")),
                instant(text(json, "created")),
                text(environment.path("os"), "compose"),
                text(environment, "arch"),
                texts(environment.path("variables")),
                texts(environment.path("settings").path("provisioning").path("tags")),
                uri(text(json.path("run"), "artifacts")),
                text(result, "overall"),
                text(result, "summary"),
                notes(json.path("notes")));
    }

    private static boolean isRequest(JsonNode json) {
        String id = text(json, "id");
        return id != null && id.matches("[A-Za-z0-9-]{1,64}");
    }

    List<FarmRequest> requests(JsonNode json) {
        List<FarmRequest> found = new ArrayList<>();
        for (JsonNode each : json.values()) {
            // An entry that cannot be parsed must not hide the others.
            if (isRequest(each)) {
                found.add(request(each));
            }
        }
        return found;
    }

    Identity identity(JsonNode json) {
        JsonNode token = json.path("token");
        JsonNode user = json.path("user");
        return new Identity(
                text(token, "id"),
                text(token, "name"),
                text(token, "ranch"),
                text(token, "role"),
                text(user, "auth_name"));
    }

    List<Compose> composes(JsonNode json) {
        List<Compose> found = new ArrayList<>();
        for (JsonNode each : json.path("composes").values()) {
            String name = text(each, "name");
            if (name != null) {
                found.add(new Compose(name, "regex".equals(text(each, "type"))));
            }
        }
        return found;
    }

    /** {@return the message of an error response on one line, from any of the service's error formats} */
    String errorMessage(String body) {
        String text = body;
        if (body.stripLeading().startsWith("<")) {
            // A proxy's error page says no more than the status.
            return "";
        }
        try {
            JsonNode json = parse(body);
            String message = text(json, "message");
            JsonNode detail = json.path("detail");
            text = message != null ? message : detail.isArray() ? details(detail) : detail.asString(body);
        } catch (IllegalArgumentException e) {
            // The body is plain text.
        }
        String line = Redaction.singleLine(text);
        return line.length() > MAX_MESSAGE_LENGTH ? line.substring(0, MAX_MESSAGE_LENGTH) + "…" : line;
    }

    private static String details(JsonNode detail) {
        List<String> all = new ArrayList<>();
        for (JsonNode each : detail.values()) {
            List<String> place = new ArrayList<>();
            each.path("loc").values().forEach(part -> place.add(part.asString("")));
            all.add(String.join(".", place) + ": " + each.path("msg").asString(""));
        }
        return String.join("; ", all);
    }

    private static List<String> notes(JsonNode json) {
        List<String> notes = new ArrayList<>();
        for (JsonNode each : json.values()) {
            String message = text(each, "message");
            if (message != null) {
                notes.add(message);
            }
        }
        return notes;
    }

    private static Map<String, String> texts(JsonNode json) {
        Map<String, String> texts = new LinkedHashMap<>();
        if (json.isObject()) {
            json.properties().forEach(entry -> {
                String value = text(json, entry.getKey());
                if (value != null) {
                    texts.put(entry.getKey(), value);
                }
            });
        }
        return texts;
    }

    static @Nullable String text(JsonNode json, String name) {
        JsonNode value = json.path(name);
        return value.isValueNode() && !value.isNull() ? value.asString("") : null;
    }

    /** {@return a time; the service sends UTC without a zone} */
    private static @Nullable Instant instant(@Nullable String text) {
        if (text == null) {
            return null;
        }
        try {
            return text.matches(".*(Z|[+-]\\d\\d:?\\d\\d)$")
                    ? OffsetDateTime.parse(text).toInstant()
                    : LocalDateTime.parse(text.replace(' ', 'T')).toInstant(ZoneOffset.UTC);
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private static @Nullable URI uri(@Nullable String text) {
        try {
            URI uri = text == null ? null : URI.create(text.strip());
            boolean known = uri != null
                    && uri.getHost() != null
                    && ("https".equalsIgnoreCase(uri.getScheme()) || "http".equalsIgnoreCase(uri.getScheme()));
            return known ? uri : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}

package org.atex.testingfarm;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The JSON body of a request to submit. Immutable. */
public final class NewRequest {
    /** The variable with the number of minutes for which the machine is reserved. */
    static final String DURATION = "TF_RESERVATION_DURATION";

    /** The secret with the public keys that may log in. */
    static final String KEYS = "TF_RESERVATION_AUTHORIZED_KEYS_BASE64";

    /** The tag of all requests of a run, with which {@link LeftoverRequests} finds them. */
    static final String RUN_TAG = "AtexRun";

    /** The tag of one submission. */
    static final String SUBMISSION_TAG = "AtexSubmission";

    private final String json;

    private NewRequest(JsonNode json) {
        this.json = json.toString();
    }

    /**
     * {@return a request with any body}
     *
     * @param json a JSON object as the service's API documentation specifies
     * @throws IllegalArgumentException if it is not a JSON object
     */
    public static NewRequest ofJson(String json) {
        JsonNode body = new FarmJson().parse(json);
        if (!body.isObject()) {
            throw new IllegalArgumentException(
                    "the body of a request must be a JSON object, not " + body.getNodeType());
        }
        return new NewRequest(body);
    }

    /**
     * The part of a reservation request that does not come from the {@link Reservation}.
     *
     * @param authorizedKeys lines of {@code authorized_keys}, one for each key that may log in
     * @param sourceCidrs addresses for which the firewall is opened, such as {@code 192.0.2.1/32}
     * @param tags additional tags
     * @param limit the time limit of the whole request
     */
    public record Access(
            List<String> authorizedKeys, List<String> sourceCidrs, Map<String, String> tags, Duration limit) {
        /** Copies the collections. */
        public Access {
            authorizedKeys = List.copyOf(authorizedKeys);
            sourceCidrs = List.copyOf(sourceCidrs);
            tags = Map.copyOf(tags);
        }
    }

    /**
     * {@return a request that reserves a machine}
     *
     * @param reservation the kind of machine
     * @param access the keys, addresses and tags of the request, and its limit
     */
    public static NewRequest reserving(Reservation reservation, Access access) {
        Reservation.Builder settings = reservation.settings();
        ObjectNode body = JsonMapper.shared().createObjectNode();
        body.putObject("test")
                .putObject("fmf")
                .put("url", settings.testUrl)
                .put("ref", settings.testRef)
                .put("name", settings.testPlan);
        environment(body.putArray("environments").addObject(), settings, access);
        body.putObject("settings").putObject("pipeline").put("timeout", minutes(access.limit()));
        return new NewRequest(body);
    }

    private static void environment(ObjectNode environment, Reservation.Builder settings, Access access) {
        environment.put("arch", settings.arch);
        environment.putObject("os").put("compose", settings.compose);
        put(environment, "pool", settings.pool);
        put(environment.putObject("variables"), settings.variables)
                .put(DURATION, String.valueOf(minutes(settings.duration)));
        String keys = String.join("\n", access.authorizedKeys()) + "\n";
        put(environment.putObject("secrets"), settings.secrets)
                .put(KEYS, Base64.getEncoder().encodeToString(keys.getBytes(StandardCharsets.UTF_8)));
        if (!settings.hardware.isEmpty()) {
            environment.set("hardware", JsonMapper.shared().valueToTree(settings.hardware));
        }
        if (!settings.kickstart.isEmpty()) {
            put(environment.putObject("kickstart"), settings.kickstart);
        }
        if (!settings.artifacts.isEmpty()) {
            ArrayNode artifacts = environment.putArray("artifacts");
            settings.artifacts.forEach(artifact -> put(artifacts.addObject(), artifact));
        }
        ObjectNode more = environment.putObject("settings");
        if (settings.skipGuestSetup) {
            more.putObject("pipeline").put("skip_guest_setup", true);
        }
        provisioning(more.putObject("provisioning"), settings, access);
    }

    private static void provisioning(ObjectNode provisioning, Reservation.Builder settings, Access access) {
        // The cloud may take a spot instance back at any moment, which would lose running tests.
        ObjectNode tags = provisioning.putObject("tags").put("ArtemisUseSpot", "false");
        put(put(tags, settings.tags), access.tags());
        put(provisioning, "post_install_script", settings.postInstallScript);
        if (!access.sourceCidrs().isEmpty()) {
            ArrayNode rules = provisioning.putArray("security_group_rules_ingress");
            access.sourceCidrs()
                    .forEach(cidr -> rules.addObject()
                            .put("type", "ingress")
                            .put("protocol", "tcp")
                            .put("cidr", cidr)
                            .put("port_min", 22)
                            .put("port_max", 22));
        }
    }

    private static void put(ObjectNode object, Reservation.Artifact artifact) {
        object.put("type", artifact.type()).put("id", artifact.id()).put("install", artifact.install());
        if (!artifact.packages().isEmpty()) {
            artifact.packages().forEach(object.putArray("packages")::add);
        }
    }

    private static ObjectNode put(ObjectNode object, Map<String, String> values) {
        values.forEach(object::put);
        return object;
    }

    private static void put(ObjectNode object, String name, @Nullable String value) {
        if (value != null) {
            object.put(name, value);
        }
    }

    /** {@return a time in the service's unit, whole minutes, at least 1} */
    static long minutes(Duration time) {
        return Math.max(1, time.toMinutes());
    }

    /**
     * Checks that a value can be written as JSON.
     *
     * @throws IllegalArgumentException if it cannot; the message has its path
     */
    static void checkPlain(String where, @Nullable Object value) {
        switch (value) {
            case String text -> {}
            case Number number -> {}
            case Boolean bool -> {}
            case Map<?, ?> map -> map.forEach((key, item) -> checkPlain(where + "." + key, item));
            case List<?> items -> items.forEach(item -> checkPlain(where + "[]", item));
            case null -> throw new IllegalArgumentException(where + " is null: remove it");
            default ->
                throw new IllegalArgumentException(where + " is a "
                        + value.getClass().getName() + "; expected a text, a number, true or false, a list or a map");
        }
    }

    /** {@return the JSON body} */
    String json() {
        return json;
    }

    /** {@return the length of the body, and nothing of its content, which has secrets} */
    @Override
    public String toString() {
        return "a request of " + json.length() + " characters";
    }
}

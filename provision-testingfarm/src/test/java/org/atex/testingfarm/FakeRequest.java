package org.atex.testingfarm;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A request in the fake Testing Farm. It advances with each GET of it; the lock of the server guards it. */
final class FakeRequest {
    /** The scripted course of a request, one step for each GET. */
    static final class Script {
        private final List<String> states = new ArrayList<>(List.of("new", "queued", "running"));
        private final List<Integer> logStatuses = new ArrayList<>();
        private final List<byte[]> pieces = new ArrayList<>();
        private String note = "dispatched as job-1";
        private String endsAs = "";
        private String summary = "";
        private int endsAfter = Integer.MAX_VALUE;
        private int getsUntilCanceled = 1;

        /** The default: the machine is reserved after the third GET. */
        static Script reserving() {
            return new Script()
                    .log(
                            "[00:01] Guest is being provisioned\n",
                            "[00:02] \u001b[32mGuest is ready\u001b[0m: ArtemisGuest(a1, @USER@@@HOST@, arch=x86_64,compose=F)\n"
                                    + "[00:03] [pre-artifact-installation] done\n"
                                    + "[00:04] [F:x86_64:/testing-farm/reserve] starting tests execution\n");
        }

        static Script stuckIn(String state) {
            Script script = reserving();
            script.states.clear();
            script.states.add(state);
            return script;
        }

        Script log(String... texts) {
            pieces.clear();
            for (String text : texts) {
                pieces.add(text.getBytes(StandardCharsets.UTF_8));
            }
            return this;
        }

        /** Appends pieces to the log. */
        Script appendToLog(String... texts) {
            for (String text : texts) {
                pieces.add(text.getBytes(StandardCharsets.UTF_8));
            }
            return this;
        }

        Script logInPieces(List<byte[]> bytes) {
            pieces.clear();
            pieces.addAll(bytes);
            return this;
        }

        /** Sets the statuses that the log is answered with before it exists. */
        Script logStatuses(Integer... statuses) {
            logStatuses.addAll(List.of(statuses));
            return this;
        }

        Script endAs(String state, int afterLooks, String text) {
            endsAs = state;
            endsAfter = afterLooks;
            summary = text;
            return this;
        }

        Script note(String text) {
            note = text;
            return this;
        }

        /** Sets the number of GETs after the cancellation until the state is canceled. */
        Script getsUntilCanceled(int count) {
            getsUntilCanceled = count;
            return this;
        }
    }

    final String id;
    final JsonNode body;
    final Script script;
    final Instant created;
    String state = "new";
    int gets;
    int cancellations;
    boolean artifactsKnown;
    private int getsSinceCancel;
    private int logReads;
    private int visible;

    FakeRequest(String id, JsonNode body, Script script, Instant created) {
        this.id = id;
        this.body = body;
        this.script = script;
        this.created = created;
    }

    String tag(String name) {
        return body.at("/environments/0/settings/provisioning/tags/" + name).asString("");
    }

    List<String> keys() {
        String text = body.at("/environments/0/secrets/" + NewRequest.KEYS).asString("");
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8)
                .lines()
                .toList();
    }

    boolean isAlive() {
        return List.of("new", "queued", "running", "cancel-requested").contains(state);
    }

    /** Advances by one step. */
    void advance() {
        gets++;
        if (state.equals("cancel-requested")) {
            if (++getsSinceCancel >= script.getsUntilCanceled) {
                state = "canceled";
            }
        } else if (isAlive()) {
            state = gets >= script.endsAfter
                    ? script.endsAs
                    : script.states.get(Math.min(gets, script.states.size()) - 1);
        }
        artifactsKnown |= gets > 1 && state.equals("running");
    }

    void cancel() {
        cancellations++;
        if (isAlive()) {
            state = "cancel-requested";
        }
    }

    /** Advances the log by one piece; {@return the status of this read, 200 if the log exists} */
    int advanceLog() {
        if (logReads < script.logStatuses.size()) {
            return script.logStatuses.get(logReads++);
        }
        visible = Math.min(visible + 1, script.pieces.size());
        return 200;
    }

    byte[] log(String user, String host) {
        byte[] all = new byte[0];
        for (byte[] piece : script.pieces.subList(0, visible)) {
            byte[] next = new byte[all.length + piece.length];
            System.arraycopy(all, 0, next, 0, all.length);
            System.arraycopy(piece, 0, next, all.length, piece.length);
            all = next;
        }
        return new String(all, StandardCharsets.ISO_8859_1)
                .replace("@USER@", user)
                .replace("@HOST@", host)
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    boolean isReserved() {
        return visible == script.pieces.size() && state.equals("running");
    }

    /** {@return the request as the service describes it: unknown values are null, secrets are hidden} */
    String json(URI artifacts) {
        ObjectNode json = JsonMapper.shared().createObjectNode();
        json.put("id", id)
                .put("token_id", "token-1")
                .put("state", state)
                .put("created", LocalDateTime.ofInstant(created, ZoneOffset.UTC) + "")
                .putNull("queued_time")
                .putNull("notification");
        JsonNode environments = body.path("environments").deepCopy();
        environments.values().forEach(environment -> {
            if (environment.path("secrets") instanceof ObjectNode secrets) {
                secrets.propertyNames().forEach(name -> secrets.put(name, "hidden"));
            }
        });
        json.set("environments_requested", environments);
        json.putArray("notes").addObject().put("level", "info").put("message", script.note);
        boolean over = !isAlive();
        if (over && !script.summary.isEmpty()) {
            json.putObject("result")
                    .put("overall", state.equals("error") ? "error" : "passed")
                    .put("summary", script.summary)
                    .putNull("xunit_url");
        } else {
            json.putNull("result");
        }
        if (artifactsKnown) {
            json.putObject("run")
                    .put("artifacts", artifacts.toString())
                    .putNull("console")
                    .putNull("stages");
        } else {
            json.putNull("run");
        }
        return json.toString();
    }
}

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

/** A request in the stand-in. Each look at it is a moment in its life; its server guards it by a lock. */
final class StandInRequest {
    /** What happens to a request, look by look. */
    static final class Life {
        private final List<String> states = new ArrayList<>(List.of("new", "queued", "running"));
        private final List<Integer> missing = new ArrayList<>();
        private final List<byte[]> pieces = new ArrayList<>();
        private String note = "dispatched as job-1";
        private String endsAs = "";
        private String summary = "";
        private int endsAfter = Integer.MAX_VALUE;
        private int cancelLooks = 1;

        /** The usual one: a machine that is reserved when it has been looked at three times. */
        static Life usual() {
            return new Life()
                    .log(
                            "[00:01] Guest is being provisioned\n",
                            "[00:02] \u001b[32mGuest is ready\u001b[0m: ArtemisGuest(a1, @USER@@@HOST@, arch=x86_64,compose=F)\n"
                                    + "[00:03] [pre-artifact-installation] done\n"
                                    + "[00:04] [F:x86_64:/testing-farm/reserve] starting tests execution\n");
        }

        static Life stuck(String state) {
            Life life = usual();
            life.states.clear();
            life.states.add(state);
            return life;
        }

        Life log(String... texts) {
            pieces.clear();
            for (String text : texts) {
                pieces.add(text.getBytes(StandardCharsets.UTF_8));
            }
            return this;
        }

        /** The log goes on after that. */
        Life more(String... texts) {
            for (String text : texts) {
                pieces.add(text.getBytes(StandardCharsets.UTF_8));
            }
            return this;
        }

        Life logInPieces(List<byte[]> bytes) {
            pieces.clear();
            pieces.addAll(bytes);
            return this;
        }

        /** These come before the log does. */
        Life missing(Integer... statuses) {
            missing.addAll(List.of(statuses));
            return this;
        }

        Life endsAs(String state, int afterLooks, String words) {
            endsAs = state;
            endsAfter = afterLooks;
            summary = words;
            return this;
        }

        Life note(String words) {
            note = words;
            return this;
        }

        /** It takes so many looks after its cancellation until it is canceled. */
        Life cancelLooks(int count) {
            cancelLooks = count;
            return this;
        }
    }

    final String id;
    final JsonNode body;
    final Life life;
    final Instant created;
    String state = "new";
    int looks;
    int cancellations;
    boolean artifactsKnown;
    private int cancelLooks;
    private int logLooks;
    private int visible;

    StandInRequest(String id, JsonNode body, Life life, Instant created) {
        this.id = id;
        this.body = body;
        this.life = life;
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

    /** A moment passes. */
    void look() {
        looks++;
        if (state.equals("cancel-requested")) {
            if (++cancelLooks >= life.cancelLooks) {
                state = "canceled";
            }
        } else if (isAlive()) {
            state = looks >= life.endsAfter ? life.endsAs : life.states.get(Math.min(looks, life.states.size()) - 1);
        }
        artifactsKnown |= looks > 1 && state.equals("running");
    }

    void cancel() {
        cancellations++;
        if (isAlive()) {
            state = "cancel-requested";
        }
    }

    /** {@return the status of the log for this look, 200 if it is there; one more piece of it then is} */
    int logLook() {
        if (logLooks < life.missing.size()) {
            return life.missing.get(logLooks++);
        }
        visible = Math.min(visible + 1, life.pieces.size());
        return 200;
    }

    byte[] log(String user, String host) {
        StringBuilder marker = new StringBuilder();
        byte[] all = new byte[0];
        for (byte[] piece : life.pieces.subList(0, visible)) {
            byte[] next = new byte[all.length + piece.length];
            System.arraycopy(all, 0, next, 0, all.length);
            System.arraycopy(piece, 0, next, all.length, piece.length);
            all = next;
        }
        marker.append(new String(all, StandardCharsets.ISO_8859_1));
        return marker.toString().replace("@USER@", user).replace("@HOST@", host).getBytes(StandardCharsets.ISO_8859_1);
    }

    boolean isReserved() {
        return visible == life.pieces.size() && state.equals("running");
    }

    /** As the service shows it: what is not there yet is null, secrets are hidden. */
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
        json.putArray("notes").addObject().put("level", "info").put("message", life.note);
        boolean over = !isAlive();
        if (over && !life.summary.isEmpty()) {
            json.putObject("result")
                    .put("overall", state.equals("error") ? "error" : "passed")
                    .put("summary", life.summary)
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

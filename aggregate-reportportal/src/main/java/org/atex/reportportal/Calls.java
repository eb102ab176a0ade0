package org.atex.reportportal;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes the calls for one item to a file, one a line. Does not react to interrupts. Not thread-safe. */
final class Calls implements AutoCloseable {
    static final String KIND = "call";
    static final String START = "start";
    static final String LOG = "log";
    static final String FINISH = "finish";
    static final String ITEM = "item";
    static final String BODY = "body";
    static final String FILE = "file";

    /** Set if the infrastructure ended the test: the type of the defect is found when the call is sent. */
    static final String INFRASTRUCTURE = "infrastructure";

    private final Path directory;
    private final String launch;
    private final UUID attempt;
    private final OutputStream out;
    private long parts;

    /**
     * @param directory the directory of the item
     * @param launch the UUID of the launch
     * @param attempt the UUID of the item
     */
    Calls(Path file, Path directory, UUID launch, UUID attempt) throws IOException {
        this.directory = directory;
        this.launch = launch.toString();
        this.attempt = attempt;
        this.out = new BufferedOutputStream(new FileOutputStream(file.toFile()));
    }

    /** Starts a part, and returns its UUID. */
    UUID start(UUID parent, String name, long at) throws IOException {
        UUID uuid = next();
        ObjectNode body = Json.object()
                .put("uuid", uuid.toString())
                .put("launchUuid", launch)
                .put("name", Text.name(name, Text.MAX_NAME))
                .put("startTime", at)
                .put("type", "STEP")
                .put("hasStats", false);
        write(Json.object().put(KIND, START).put(ITEM, parent.toString()), body);
        return uuid;
    }

    void log(UUID item, long at, String level, String message, @Nullable Attachment file) throws IOException {
        ObjectNode body = Json.object()
                .put("uuid", next().toString())
                .put("launchUuid", launch)
                .put("itemUuid", item.toString())
                .put("time", at)
                .put("level", level)
                .put("message", message);
        ObjectNode call = Json.object().put(KIND, LOG);
        if (file != null) {
            call.set(FILE, file.write(directory));
        }
        write(call, body);
    }

    void finish(UUID item, long at, String status) throws IOException {
        write(Json.object().put(KIND, FINISH).put(ITEM, item.toString()), finishBody(at, status));
    }

    /** Finishes the item itself. */
    void finish(ObjectNode body, boolean infrastructure) throws IOException {
        ObjectNode call = Json.object().put(KIND, FINISH).put(ITEM, attempt.toString());
        if (infrastructure) {
            call.put(INFRASTRUCTURE, true);
        }
        write(call, body);
    }

    ObjectNode finishBody(long at, String status) {
        return Json.object().put("launchUuid", launch).put("endTime", at).put("status", status);
    }

    private UUID next() {
        return Ids.part(attempt, ++parts);
    }

    private void write(ObjectNode call, ObjectNode body) throws IOException {
        call.set(BODY, body);
        out.write(Json.bytes(call));
        out.write('\n');
    }

    /** Adds an attribute, unless nothing is left of its value. */
    static void attribute(ArrayNode attributes, String key, String value) {
        String text = Text.attribute(value);
        if (!text.isEmpty()) {
            ObjectNode attribute = attributes.addObject();
            String name = Text.attribute(key);
            if (!name.isEmpty()) {
                attribute.put("key", name);
            }
            attribute.put("value", text);
        }
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}

package org.atex.reportportal;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * An attempt at a test in the spool: the directory {@code <number>-<uuid>} with
 *
 * <ul>
 *   <li>{@code item.json}: the call that starts the item, written when the test starts;
 *   <li>{@code calls.jsonl}: all further calls, one a line, written when the test has ended;
 *   <li>{@code files/}: the files that are attached;
 *   <li>{@code sent}: a byte for each of the calls that the service has accepted.
 * </ul>
 *
 * <p>Thread safety: thread-safe, but one thread at a time sends an item.
 */
final class Item {
    static final String CALLS = "calls.jsonl";
    static final String FILES = "files";
    private static final String ITEM = "item.json";
    private static final String SENT = "sent";

    private final Path directory;
    private final UUID uuid;
    private final UUID lane;
    private final ObjectNode head;

    /** Whether all calls are in the spool. */
    private volatile boolean ready;

    /** Whether the results of the attempt will never come. */
    private volatile boolean abandoned;

    private volatile boolean over;
    private volatile long sent;

    private Item(Path directory, ObjectNode head) {
        this.directory = directory;
        this.head = head;
        this.uuid = UUID.fromString(head.path("uuid").asString(""));
        this.lane = UUID.fromString(head.path("lane").asString(""));
    }

    /**
     * {@return a new item}
     *
     * @param directory its directory, which is created
     * @param parent the UUID of its suite, or null
     * @param body the JSON that starts it
     */
    static Item create(Path directory, UUID uuid, UUID lane, @Nullable UUID parent, ObjectNode body)
            throws IOException {
        ObjectNode head = Json.object().put("uuid", uuid.toString()).put("lane", lane.toString());
        if (parent != null) {
            head.put("parent", parent.toString());
        }
        head.set("body", body);
        Path hidden = directory.resolveSibling("." + directory.getFileName());
        Files.createDirectory(hidden);
        try {
            Json.writeDirectly(hidden.resolve(ITEM), head);
            Files.move(hidden, directory);
        } catch (IOException e) {
            Trees.delete(hidden);
            throw e;
        }
        return new Item(directory, head);
    }

    /** {@return the item in a directory} A part of a result that a killed program was about to store is deleted. */
    static Item load(Path directory) throws IOException {
        Item item = new Item(directory, Json.read(directory.resolve(ITEM)));
        item.sent = item.file(SENT).toFile().length();
        item.ready = Files.exists(item.file(CALLS));
        if (!item.ready) {
            item.clear();
        }
        return item;
    }

    UUID uuid() {
        return uuid;
    }

    UUID lane() {
        return lane;
    }

    @Nullable
    String parent() {
        return head.path("parent").asString(null);
    }

    ObjectNode body() {
        return (ObjectNode) head.path("body");
    }

    String name() {
        return body().path("name").asString("");
    }

    /** {@return the start of the item, in milliseconds since 1970} */
    long start() {
        return body().path("startTime").asLong(0);
    }

    Path directory() {
        return directory;
    }

    private Path file(String name) {
        return directory.resolve(name);
    }

    /** {@return whether all calls are in the spool} */
    boolean isReady() {
        return ready;
    }

    /** Makes the calls visible: they have been written to the temporary file. */
    void publish(Path temporary) throws IOException {
        Files.move(temporary, file(CALLS));
        ready = true;
    }

    /** Deletes the parts of a result that could not be stored. */
    void clear() throws IOException {
        Files.deleteIfExists(file(CALLS + ".new"));
        Trees.delete(file(FILES));
    }

    /** Deletes an item that the service does not know. */
    void discard() throws IOException {
        Trees.delete(directory);
    }

    /** Declares that the results of the attempt will never come. */
    void abandon() {
        abandoned = true;
    }

    boolean isAbandoned() {
        return abandoned && !ready;
    }

    boolean isOver() {
        return over;
    }

    /** {@return the number of calls that the service has accepted; the first one is the start of the item} */
    long sent() {
        return sent;
    }

    /**
     * Records that the service has accepted more calls. Called by the thread that sends the item. If the disk is full,
     * they are only remembered: after a kill, they are repeated, and the service recognizes them.
     */
    void addSent(int calls) {
        long all = sent + calls;
        sent = all;
        try (FileOutputStream out = new FileOutputStream(file(SENT).toFile(), true)) {
            out.write(new byte[calls]);
        } catch (IOException e) {
            Courier.log().debug("could not record in {} what was sent", directory, e);
        }
    }

    /** {@return the calls after the start of the item} */
    BufferedReader calls() throws IOException {
        return new BufferedReader(
                new InputStreamReader(new FileInputStream(file(CALLS).toFile()), StandardCharsets.UTF_8));
    }

    /** Deletes the item: the service has all of it. */
    void remove() throws IOException {
        // Renamed first, so that a part of it is not taken for an attempt without results.
        Path hidden = directory.resolveSibling("." + directory.getFileName());
        Files.move(directory, hidden);
        over = true;
        Trees.delete(hidden);
    }

    /** Moves the item to a place where it is kept for people. */
    void keep(Path refused, String why) throws IOException {
        Files.createDirectories(refused);
        Json.write(file("why.json"), Json.object().put("why", why));
        Files.move(directory, refused.resolve(directory.getFileName()));
        over = true;
    }

    void end() {
        over = true;
    }

    @Override
    public String toString() {
        return directory.toString();
    }
}

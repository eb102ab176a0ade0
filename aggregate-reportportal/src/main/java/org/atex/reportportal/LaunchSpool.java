package org.atex.reportportal;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.atex.artifacts.AppendFile;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The calls and files of a launch that are not sent: the directory {@code launch-<uuid>} of a spool with
 *
 * <ul>
 *   <li>{@code launch.json}: the launch, its project, and the run that it belongs to;
 *   <li>{@code suites/}: the suites;
 *   <li>{@code items/}: a directory for each {@link Item} that is not completely sent;
 *   <li>{@code stored}: the UUIDs of the attempts whose results were stored, one a line.
 * </ul>
 *
 * <p>It has neither the token nor another secret of the service. Thread-safe. Does not react to interrupts.
 */
final class LaunchSpool implements AutoCloseable {
    private static final String PREFIX = "launch-";
    private static final String LAUNCH = "launch.json";
    private static final String STARTED = ".started";
    private static final String RUN = "run";

    private final Path directory;
    private final ObjectNode head;
    private final UUID uuid;
    private final long start;
    private final AppendFile index;
    private final AtomicLong count = new AtomicLong();

    /** The items that are not completely sent. */
    private final ConcurrentHashMap<UUID, Item> items = new ConcurrentHashMap<>();

    /** The attempts whose results were stored. */
    private final Set<UUID> stored = ConcurrentHashMap.newKeySet();

    /** The marks of starts that the service has accepted. */
    private final Set<Path> marks = ConcurrentHashMap.newKeySet();

    /** Guards the creation of suites. */
    private final Object suites = new Object();

    private LaunchSpool(Path directory, ObjectNode head) throws IOException {
        this.directory = directory;
        this.head = head;
        this.uuid = UUID.fromString(head.path("uuid").asString(""));
        this.start = head.path("start").asLong(0);
        Files.createDirectories(items());
        Files.createDirectories(suites());
        this.index = AppendFile.open(directory.resolve("stored"));
    }

    private Path items() {
        return directory.resolve("items");
    }

    private Path suites() {
        return directory.resolve("suites");
    }

    /**
     * {@return a new launch}
     *
     * @param spool the directory of all launches
     * @param run the id of its run, or null
     */
    static LaunchSpool create(
            Path spool, ReportPortalProject project, ReportPortalOptions options, Instant start, @Nullable String run)
            throws IOException {
        UUID uuid = UUID.randomUUID();
        ObjectNode head = Json.object()
                .put("uuid", uuid.toString())
                .put("start", start.toEpochMilli())
                .put("endpoint", project.endpoint().toString())
                .put("project", project.name());
        if (run != null) {
            head.put(RUN, run);
        }
        head.set("body", body(uuid, start, options));
        Path directory = spool.resolve(PREFIX + uuid);
        Files.createDirectories(directory);
        Json.write(directory.resolve(LAUNCH), head);
        return new LaunchSpool(directory, head);
    }

    private static ObjectNode body(UUID uuid, Instant start, ReportPortalOptions options) {
        ObjectNode body = Json.object()
                .put("uuid", uuid.toString())
                .put("name", Text.name(options.launch(), Text.MAX_LAUNCH_NAME))
                .put("startTime", start.toEpochMilli())
                .put("mode", options.debug() ? "DEBUG" : "DEFAULT");
        String description = Text.description(options.description(), Text.MAX_LAUNCH_DESCRIPTION);
        if (!description.isEmpty()) {
            body.put("description", description);
        }
        ArrayNode attributes = body.putArray("attributes");
        options.attributes().forEach((key, value) -> Calls.attribute(attributes, key, value));
        if (options.rerunOf() != null) {
            body.put("rerun", true).put("rerunOf", options.rerunOf().toString());
        }
        return body;
    }

    /** {@return the launches in a spool that are not finished, the oldest first} They are not loaded. */
    static List<Path> left(Path spool) throws IOException {
        record Launch(Path directory, long start) {}
        List<Launch> launches = new ArrayList<>();
        for (Path directory : entries(spool, PREFIX + "*")) {
            if (Files.exists(directory.resolve(LAUNCH))) {
                launches.add(new Launch(
                        directory,
                        Json.read(directory.resolve(LAUNCH)).path("start").asLong(0)));
            } else {
                // A killed program had only begun to create it, or has almost deleted it.
                Trees.delete(directory);
            }
        }
        launches.sort(Comparator.comparingLong(Launch::start).thenComparing(Launch::directory));
        return launches.stream().map(Launch::directory).toList();
    }

    /** {@return the run to which a launch belongs; empty if it is not known} */
    static String run(Path directory) throws IOException {
        return Json.read(directory.resolve(LAUNCH)).path(RUN).asString("");
    }

    /**
     * {@return a launch that another program left}
     *
     * @throws IOException if it cannot be read, or belongs to another project
     */
    static LaunchSpool load(Path directory, ReportPortalProject project) throws IOException {
        ObjectNode head = Json.read(directory.resolve(LAUNCH));
        String endpoint = head.path("endpoint").asString("");
        String name = head.path("project").asString("");
        if (!endpoint.equals(project.endpoint().toString()) || !name.equals(project.name())) {
            throw new IOException("the launch in " + directory + " belongs to project " + name + " at " + endpoint
                    + ", not to " + project + "; use the same endpoint and project as the program that left it");
        }
        LaunchSpool launch = new LaunchSpool(directory, head);
        try {
            launch.load();
            return launch;
        } catch (IOException | RuntimeException e) {
            launch.close();
            throw e;
        }
    }

    private void load() throws IOException {
        loadIndex();
        for (Path path : entries(items(), "*")) {
            String name = path.getFileName().toString();
            if (name.startsWith(".")) {
                // Not completely created, or not completely deleted.
                Trees.delete(path);
                continue;
            }
            Item item = Item.load(path);
            items.put(item.uuid(), item);
            if (item.isReady()) {
                stored.add(item.uuid());
            }
            count.accumulateAndGet(Long.parseLong(name.substring(0, name.indexOf('-'))), Math::max);
        }
    }

    private void loadIndex() throws IOException {
        Path file = directory.resolve("stored");
        long complete = 0;
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(new FileInputStream(file.toFile()), StandardCharsets.US_ASCII))) {
            int length = new UUID(0, 0).toString().length();
            for (String line = lines.readLine(); line != null && line.length() == length; line = lines.readLine()) {
                stored.add(UUID.fromString(line));
                complete += length + 1;
            }
        }
        // A program that was killed may have written a part of a line, or all of it but its end.
        if (complete > index.length()) {
            index.append("\n".getBytes(StandardCharsets.US_ASCII));
        } else {
            index.truncate(complete);
        }
    }

    private static List<Path> entries(Path directory, String pattern) throws IOException {
        List<Path> all = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, pattern)) {
                entries.forEach(all::add);
            } catch (DirectoryIteratorException e) {
                throw Objects.requireNonNull(e.getCause());
            }
        }
        return all;
    }

    UUID uuid() {
        return uuid;
    }

    /** {@return the start of the launch, in milliseconds since 1970} */
    long start() {
        return start;
    }

    ObjectNode body() {
        return (ObjectNode) head.path("body");
    }

    /** {@return the items that are not completely sent, in the order in which their tests started} */
    List<Item> pending() {
        return items.values().stream()
                .sorted(Comparator.comparing(
                        item -> item.directory().getFileName().toString()))
                .toList();
    }

    /** {@return the attempts whose results were stored} */
    Set<UUID> stored() {
        return Set.copyOf(stored);
    }

    boolean isStored(UUID attempt) {
        return stored.contains(attempt);
    }

    boolean isKnown(UUID attempt) {
        return stored.contains(attempt) || items.containsKey(attempt);
    }

    @Nullable
    Item item(UUID attempt) {
        return items.get(attempt);
    }

    /** {@return the new item of an attempt} */
    Item create(UUID attempt, UUID lane, @Nullable UUID parent, ObjectNode body) throws IOException {
        String name = "%019d-%s".formatted(count.incrementAndGet(), attempt);
        Item item = Item.create(items().resolve(name), attempt, lane, parent, body);
        items.put(attempt, item);
        return item;
    }

    /** Discards a new item, as its results could not be stored. */
    void discard(Item item) throws IOException {
        items.remove(item.uuid());
        item.discard();
    }

    /** Records that the results of an attempt are stored. */
    void addStored(UUID attempt) throws IOException {
        stored.add(attempt);
        synchronized (index) {
            index.append((attempt + "\n").getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** Removes an item: the service has all of it. */
    void remove(Item item) throws IOException {
        try {
            item.remove();
        } finally {
            items.remove(item.uuid());
        }
    }

    /** Moves an item that the service refused out of the launch. */
    Path keep(Item item, String why) throws IOException {
        Path refused = directory.resolveSibling("refused").resolve(uuid.toString());
        item.keep(refused, why);
        items.remove(item.uuid());
        return refused;
    }

    /** {@return the suite of a platform, which is created if it is missing} */
    UUID suite(String platform) throws IOException {
        UUID suite = Ids.suite(uuid, platform);
        Path file = suites().resolve(suite + ".json");
        if (!Files.exists(file)) {
            synchronized (suites) {
                if (!Files.exists(file)) {
                    ObjectNode body = Json.object()
                            .put("uuid", suite.toString())
                            .put("launchUuid", uuid.toString())
                            .put("name", Text.name(platform, Text.MAX_NAME))
                            .put("startTime", start)
                            .put("type", "SUITE")
                            .put("testCaseId", Ids.testCase(platform, ""));
                    Calls.attribute(body.putArray("attributes"), "platform", platform);
                    Json.write(file, body);
                }
            }
        }
        return suite;
    }

    ObjectNode suite(UUID suite) throws IOException {
        return Json.read(suites().resolve(suite + ".json"));
    }

    /** {@return the suites} */
    List<String> allSuites() throws IOException {
        return entries(suites(), "*.json").stream()
                .map(path -> path.getFileName().toString())
                .map(name -> name.substring(0, name.length() - ".json".length()))
                .sorted()
                .toList();
    }

    boolean isStarted(String suite) {
        return isMarked(suites().resolve(suite + STARTED));
    }

    void setStarted(String suite) {
        mark(suites().resolve(suite + STARTED));
    }

    /** {@return whether the service knows the launch} */
    boolean isStarted() {
        return isMarked(directory.resolve("launch" + STARTED));
    }

    void setStarted() {
        mark(directory.resolve("launch" + STARTED));
    }

    private boolean isMarked(Path mark) {
        return marks.contains(mark) || Files.exists(mark);
    }

    /** Records a start. If the disk is full, it is only remembered: after a kill, the service recognizes a second one. */
    private void mark(Path mark) {
        marks.add(mark);
        try {
            if (!Files.exists(mark)) {
                Files.createFile(mark);
            }
        } catch (IOException e) {
            Courier.log().debug("could not create {}", mark, e);
        }
    }

    /** Deletes the launch: the service has all of it. */
    void remove() throws IOException {
        close();
        // First, so that a part of it is not taken for a launch.
        Files.deleteIfExists(directory.resolve(LAUNCH));
        Trees.delete(directory);
    }

    @Override
    public void close() throws IOException {
        synchronized (index) {
            index.close();
        }
    }

    @Override
    public String toString() {
        return directory.toString();
    }
}

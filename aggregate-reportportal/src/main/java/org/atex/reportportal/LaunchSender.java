package org.atex.reportportal;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.reportportal.Courier.HopelessException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Sends the content of the spool of a launch. Thread-safe, but one thread at a time sends an item. */
final class LaunchSender {
    private static final String ISSUE_TYPE = "issueType";

    private final LaunchSpool spool;
    private final ReportPortalOptions options;
    private final Portal portal;
    private final Courier courier;

    /** The starts of the launch and of suites, which the first item that needs them sends. */
    private final ConcurrentHashMap<String, ReentrantLock> starts = new ConcurrentHashMap<>();

    /** Null until it is needed. Guarded by the lock of the settings. */
    private @Nullable String systemIssue;

    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicReference<String> firstRefusal = new AtomicReference<>("");

    LaunchSender(LaunchSpool spool, ReportPortalOptions options, Portal portal, Courier courier) {
        this.spool = spool;
        this.options = options;
        this.portal = portal;
        this.courier = courier;
    }

    /** The service refused an item. */
    private static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    /** Starts the launch, unless the service knows it. */
    void start() throws InterruptedException, HopelessException, IOException {
        if (spool.isStarted()) {
            return;
        }
        ReentrantLock lock = lock("");
        lock.lockInterruptibly();
        try {
            if (!spool.isStarted()) {
                Answer answer = courier.deliver("start the launch", () -> portal.startLaunch(spool.body()));
                String why = Courier.refusal(answer);
                if (why != null) {
                    throw new HopelessException("the launch was refused: " + why);
                }
                spool.setStarted();
            }
        } finally {
            lock.unlock();
        }
    }

    private void startSuite(String suite)
            throws InterruptedException, HopelessException, RefusedException, IOException {
        if (spool.isStarted(suite)) {
            return;
        }
        ReentrantLock lock = lock(suite);
        lock.lockInterruptibly();
        try {
            if (!spool.isStarted(suite)) {
                ObjectNode body = spool.suite(UUID.fromString(suite));
                accept("start a suite", () -> portal.startItem(null, body));
                spool.setStarted(suite);
            }
        } finally {
            lock.unlock();
        }
    }

    // Each lock is held while one call is made, for which the others have to wait anyway.
    private ReentrantLock lock(String what) {
        return starts.computeIfAbsent(what, key -> new ReentrantLock());
    }

    private void accept(String what, Courier.Call call)
            throws InterruptedException, HopelessException, RefusedException {
        String why = Courier.refusal(courier.deliver(what, call));
        if (why != null) {
            throw new RefusedException(why);
        }
    }

    /** Sends the content of the spool of an item. */
    void send(Item item) throws InterruptedException, HopelessException, IOException {
        try {
            start();
            String parent = item.parent();
            if (parent != null) {
                startSuite(parent);
            }
            if (item.sent() == 0) {
                accept("start an item", () -> portal.startItem(parent, item.body()));
                item.addSent(1);
            }
            if (item.isReady()) {
                sendOrKeep(item);
                spool.remove(item);
            } else if (item.isAbandoned()) {
                accept("finish an item", () -> portal.finishItem(item.uuid().toString(), lost(item)));
                spool.remove(item);
            }
        } catch (RefusedException e) {
            Path kept = spool.keep(item, String.valueOf(e.getMessage()));
            refuse(item, e.getMessage() + "; its calls are kept in " + kept);
        }
    }

    private void refuse(Item item, String why) {
        String text = "could not send all results of " + item.name() + " to ReportPortal: " + why;
        refused.incrementAndGet();
        firstRefusal.compareAndSet("", text);
        Courier.log().warn(text);
    }

    private ObjectNode lost(Item item) {
        return Json.object()
                .put("launchUuid", spool.uuid().toString())
                .put("endTime", Math.max(now(), item.start()))
                .put("status", Words.INTERRUPTED)
                .put("description", "there is no result of this attempt: the run ended before");
    }

    private long now() {
        return options.tuning().clock().millis();
    }

    private void sendCalls(Item item) throws InterruptedException, HopelessException, RefusedException, IOException {
        LogSender logs = new LogSender(portal, courier);
        try (BufferedReader calls = item.calls()) {
            for (long i = 1; i < item.sent(); i++) {
                calls.readLine();
            }
            for (String line = calls.readLine(); line != null; line = calls.readLine()) {
                ObjectNode call = Json.parse(line);
                if (call.path(Calls.KIND).asString("").equals(Calls.LOG)) {
                    LogEntry entry = entry(call, item);
                    if (logs.needsSending(entry)) {
                        item.addSent(logs.send());
                    }
                    logs.add(entry);
                } else {
                    item.addSent(logs.send());
                    send(call);
                    item.addSent(1);
                }
            }
            item.addSent(logs.send());
        }
        if (!logs.refusal().isEmpty()) {
            refuse(item, "a log was left out: " + logs.refusal());
        }
    }

    /** Sends the calls of an item. If they cannot be read, other items can still be sent. */
    private void sendOrKeep(Item item) throws InterruptedException, HopelessException, RefusedException {
        try {
            sendCalls(item);
        } catch (IOException e) {
            Courier.log().debug("could not read the calls of {}", item, e);
            throw new RefusedException("its calls could not be read: " + e.getMessage());
        }
    }

    private static LogEntry entry(ObjectNode call, Item item) {
        JsonNode file = call.path(Calls.FILE);
        return new LogEntry(
                (ObjectNode) call.path(Calls.BODY),
                file instanceof ObjectNode json ? Attachment.read(json, item.directory()) : null,
                0);
    }

    private void send(ObjectNode call) throws InterruptedException, HopelessException, RefusedException {
        String target = call.path(Calls.ITEM).asString("");
        ObjectNode body = (ObjectNode) call.path(Calls.BODY);
        if (call.path(Calls.KIND).asString("").equals(Calls.START)) {
            accept("start a part", () -> portal.startItem(target, body));
            return;
        }
        if (call.path(Calls.INFRASTRUCTURE).asBoolean(false)) {
            String issue = systemIssue();
            if (!issue.isEmpty()) {
                body.putObject("issue")
                        .put(ISSUE_TYPE, issue)
                        .put("comment", body.path("description").asString(""));
            }
        }
        accept("finish an item", () -> portal.finishItem(target, body));
    }

    /** {@return the type of defects of the infrastructure; empty if it is not known} */
    private String systemIssue() throws InterruptedException {
        String given = options.systemIssue();
        if (given != null) {
            return given;
        }
        ReentrantLock lock = lock("settings");
        lock.lockInterruptibly();
        try {
            if (systemIssue == null) {
                // Once only, whether it works or not: the type is not worth a delay of results.
                systemIssue = portal.settings() instanceof Answer.Done done ? systemIssue(done.body()) : "";
            }
            return systemIssue;
        } finally {
            lock.unlock();
        }
    }

    private static String systemIssue(ObjectNode settings) {
        return settings.path("subTypes")
                .path("SYSTEM_ISSUE")
                .path(0)
                .path("locator")
                .asString("");
    }

    /** Finishes the suites and the launch, and deletes its spool. */
    void finish() throws InterruptedException, HopelessException, IOException {
        start();
        for (String suite : spool.allSuites()) {
            if (!spool.isStarted(suite)) {
                continue;
            }
            ObjectNode body = Json.object()
                    .put("launchUuid", spool.uuid().toString())
                    .put("endTime", Math.max(now(), spool.start()));
            Answer answer = courier.deliver("finish a suite", () -> portal.finishItem(suite, body));
            String why = Courier.refusal(answer);
            if (why != null) {
                // The service finishes it with the launch.
                Courier.log().warn("ReportPortal refused the end of a suite: {}", why);
            }
        }
        ObjectNode body = Json.object().put("endTime", Math.max(now(), spool.start()));
        Answer answer = courier.deliver("finish the launch", () -> portal.finishLaunch(spool.uuid(), body));
        String why = Courier.refusal(answer);
        if (why != null) {
            throw new HopelessException("the end of the launch was refused: " + why);
        }
        spool.remove();
    }

    /** {@return the number of refused items and logs} */
    int refused() {
        return refused.get();
    }

    String firstRefusal() {
        return firstRefusal.get();
    }
}

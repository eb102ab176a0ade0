package org.atex.reportportal;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.atex.artifacts.PlainText;
import org.atex.reportportal.Courier.HopelessException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Sends logs in groups. Logs that the service refuses are sent alone, and then shortened. Not thread-safe. */
final class LogSender {
    private static final int MAX_ENTRIES = 20;
    private static final int MAX_CHARACTERS = 256 << 10;
    private static final int EXCERPT = 8 << 10;
    private static final int SHORTEST = 500;

    private final Portal portal;
    private final Courier courier;
    private final List<LogEntry> group = new ArrayList<>();
    private int characters;
    private String refusal = "";

    LogSender(Portal portal, Courier courier) {
        this.portal = portal;
        this.courier = courier;
    }

    /** {@return whether a log must be sent with a later group than the one that waits} */
    boolean needsSending(LogEntry next) {
        return !group.isEmpty()
                && (group.size() >= MAX_ENTRIES
                        || characters + next.message().length() > MAX_CHARACTERS
                        || next.file() != null
                        || group.getLast().file() != null);
    }

    void add(LogEntry entry) {
        group.add(entry);
        characters += entry.message().length();
    }

    /** Sends the logs that wait, and returns their number. */
    int send() throws InterruptedException, HopelessException, IOException {
        int count = group.size();
        if (count > 0) {
            send(List.copyOf(group));
        }
        group.clear();
        characters = 0;
        return count;
    }

    /** {@return why the service refused a log, also when it was shortened; empty if it refused none} */
    String refusal() {
        return refusal;
    }

    private void send(List<LogEntry> entries) throws InterruptedException, HopelessException, IOException {
        List<LogEntry> sent = new ArrayList<>();
        for (LogEntry entry : entries) {
            sent.add(isIntact(entry) ? entry : entry.shortened(entry.message() + "\nThe file has gone or changed."));
        }
        Answer answer = courier.deliver("send logs", () -> portal.log(sent));
        String why = Courier.refusal(answer);
        if (why == null) {
            check(sent, ((Answer.Done) answer).body().path("responses"));
        } else if (sent.size() > 1) {
            send(sent.subList(0, sent.size() / 2));
            send(sent.subList(sent.size() / 2, sent.size()));
        } else {
            shorten(sent.getFirst(), why);
        }
    }

    private static boolean isIntact(LogEntry entry) throws IOException {
        Attachment file = entry.file();
        return file == null || Files.exists(file.path()) && Files.size(file.path()) >= file.size();
    }

    /** The service may accept a call, but not all of its logs. */
    private void check(List<LogEntry> sent, JsonNode responses)
            throws InterruptedException, HopelessException, IOException {
        for (int i = 0; i < sent.size(); i++) {
            JsonNode response = responses.path(i);
            String message = response.path("message").asString("");
            if (!response.has("id") && !message.isEmpty() && !message.contains("already exists")) {
                shorten(sent.get(i), portal.redacted(message));
            }
        }
    }

    private void shorten(LogEntry entry, String why) throws InterruptedException, HopelessException, IOException {
        LogEntry next = shortened(entry, why);
        if (next != null) {
            send(List.of(next));
        } else if (refusal.isEmpty()) {
            refusal = why;
        }
    }

    private static @Nullable LogEntry shortened(LogEntry entry, String why) throws IOException {
        Attachment file = entry.file();
        String note = "\nReportPortal refused the rest: " + why;
        if (file != null) {
            String name = PlainText.cut(entry.message(), SHORTEST);
            String excerpt = file.isText() ? "\n" + PlainText.lines(file.excerpt(EXCERPT)) : "";
            return entry.shortened(name + "\nReportPortal refused the file: " + why + excerpt);
        }
        return switch (entry.shortened()) {
            case 0 -> entry.shortened(PlainText.cut(entry.message(), EXCERPT) + note);
            case 1 ->
                new LogEntry(
                        entry.body().deepCopy().put("message", PlainText.cut(entry.message(), SHORTEST) + note),
                        null,
                        2);
            default -> null;
        };
    }
}

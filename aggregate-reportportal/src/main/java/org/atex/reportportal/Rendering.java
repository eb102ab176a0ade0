package org.atex.reportportal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.ReportedResult;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.atex.artifacts.ResultReader;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Renders an attempt as the calls of the service. */
final class Rendering {
    private static final String NO_ISSUE = "NOT_ISSUE";

    private Rendering() {}

    /**
     * {@return the JSON that starts the item of an attempt}
     *
     * @param start in milliseconds since 1970
     * @param earlier the UUID of the earlier attempt, or null if there is none in this launch
     */
    static ObjectNode start(
            LaunchSpool launch,
            UUID uuid,
            String platform,
            PlainTest test,
            int attempt,
            @Nullable SystemInfo system,
            long start,
            @Nullable UUID earlier) {
        ObjectNode body = Json.object()
                .put("uuid", uuid.toString())
                .put("launchUuid", launch.uuid().toString())
                .put("name", Text.name(test.name(), Text.MAX_NAME))
                // A child must not start before its parent, and clocks differ.
                .put("startTime", Math.max(start, launch.start()))
                .put("type", "STEP")
                .put("testCaseId", Ids.testCase(platform, test.name()));
        if (attempt > 1) {
            body.put("retry", true);
            if (earlier != null) {
                body.put("retryOf", earlier.toString());
            }
        }
        if (test.source() != null) {
            body.put("codeRef", Text.name(test.source().toString(), Text.MAX_NAME));
        }
        ArrayNode attributes = body.putArray("attributes");
        Calls.attribute(attributes, "platform", platform);
        if (system != null) {
            Calls.attribute(attributes, "system", system.name());
            if (!system.host().equals(system.name())) {
                Calls.attribute(attributes, "host", system.host());
            }
        }
        test.tags().stream().sorted().forEach(tag -> Calls.attribute(attributes, "tag", tag));
        test.components().stream().sorted().forEach(name -> Calls.attribute(attributes, "component", name));
        if (test.group() != null) {
            Calls.attribute(attributes, "group", test.group());
        }
        return body;
    }

    /**
     * Writes all calls after the start of an item.
     *
     * @param to the file to write
     * @throws org.atex.artifacts.BrokenResultsException if the results are invalid
     */
    static void write(
            Path to, LaunchSpool launch, Item item, TestRecord record, Artifacts artifacts, ReportPortalOptions options)
            throws IOException {
        long end = Math.max(item.start(), record.started().plus(record.took()).toEpochMilli());
        Parts.Times times = new Parts.Times(item.start(), end);
        try (Calls calls = new Calls(to, item.directory(), launch.uuid(), item.uuid())) {
            FileLogs files = new FileLogs(artifacts, item.directory().resolve(Item.FILES), calls, times, options);
            new Attempt(calls, item.uuid(), record, times, files).write(artifacts, end);
        }
    }

    /** The calls of one attempt. Not thread-safe. */
    private static final class Attempt {
        private final Calls calls;
        private final UUID item;
        private final TestRecord record;
        private final Parts.Times times;
        private final FileLogs files;
        private final Parts parts;
        private int bad;
        private @Nullable ReportedResult own;

        Attempt(Calls calls, UUID item, TestRecord record, Parts.Times times, FileLogs files) {
            this.calls = calls;
            this.item = item;
            this.record = record;
            this.times = times;
            this.files = files;
            this.parts = new Parts(calls, item, times);
        }

        void write(Artifacts artifacts, long end) throws IOException {
            try (ResultReader results = ResultReader.of(artifacts)) {
                for (ReportedResult result = results.next(); result != null; result = results.next()) {
                    if (result.name() == null) {
                        own(result);
                    } else {
                        part(result, result.name());
                    }
                }
            }
            parts.finish();
            String status = Words.status(record.end().outcome());
            String message = Words.message(record, own, bad);
            String level = record.known() == null ? Words.level(status) : Words.WARN;
            files.log(item, null, own == null ? List.of() : own.files(), level);
            if (!artifacts.isNone() && Files.exists(artifacts.files(), LinkOption.NOFOLLOW_LINKS)) {
                files.logRest(item, level);
            }
            if (!message.isEmpty()) {
                calls.log(item, end, level, Text.description(message, Text.MAX_DESCRIPTION), null);
            }
            finish(status, message, end);
        }

        private void own(ReportedResult result) throws IOException {
            // Of several results of the test itself, the last one is the final result.
            if (own != null) {
                parts.finish();
                String level = Words.level(Words.status(own.status()));
                calls.log(item, times.next(), level, Text.description(Words.line(own), Text.MAX_DESCRIPTION), null);
                files.log(item, null, own.files(), level);
            }
            own = result;
        }

        private void part(ReportedResult result, String name) throws IOException {
            UUID step = parts.step(result, name);
            String level = Words.level(Words.status(result.status()));
            if (level.equals(Words.ERROR)) {
                bad++;
            }
            String line = Words.line(result);
            if (result.note() != null || !Words.isPlain(result.status())) {
                calls.log(step, times.next(), level, Text.description(line, Text.MAX_DESCRIPTION), null);
            }
            files.log(step, name, result.files(), level);
        }

        private void finish(String status, String message, long end) throws IOException {
            ObjectNode body = calls.finishBody(end, status);
            if (record.attempt() > 1) {
                body.put("retry", true);
            }
            String cause = record.attempt() > 1 ? "attempt " + record.attempt() + " (" + record.cause() + ")" : "";
            String description = message.isEmpty() || cause.isEmpty() ? message + cause : message + "\n\n" + cause;
            if (!description.isEmpty()) {
                body.put("description", Text.description(description, Text.MAX_DESCRIPTION));
            }
            Outcome outcome = record.end().outcome();
            if (outcome == Outcome.SKIPPED) {
                // Else each test that does not apply would wait for a person to investigate it.
                body.putObject("issue").put("issueType", NO_ISSUE);
            }
            calls.finish(body, Words.isInfrastructure(outcome));
        }
    }
}

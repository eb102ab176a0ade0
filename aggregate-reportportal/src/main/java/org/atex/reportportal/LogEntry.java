package org.atex.reportportal;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * A log of an item. Not thread-safe.
 *
 * @param body the JSON of the service, without the name of the file
 * @param file its file, or null
 * @param shortened how often it was shortened because the service refused it
 */
record LogEntry(ObjectNode body, @Nullable Attachment file, int shortened) {
    String message() {
        return body.path("message").asString("");
    }

    LogEntry shortened(String message) {
        return new LogEntry(body.deepCopy().put("message", message), null, shortened + 1);
    }
}

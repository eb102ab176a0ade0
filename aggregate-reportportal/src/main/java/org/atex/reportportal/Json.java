package org.atex.reportportal;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.atex.artifacts.WholeFile;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** JSON of calls, and of files in the spool. Does not react to interrupts. */
final class Json {
    private Json() {}

    static ObjectNode object() {
        return JsonMapper.shared().createObjectNode();
    }

    static ArrayNode array() {
        return JsonMapper.shared().createArrayNode();
    }

    /**
     * {@return a JSON object}
     *
     * @throws IOException if the text is something else
     */
    static ObjectNode parse(String text) throws IOException {
        try {
            if (JsonMapper.shared().readTree(text) instanceof ObjectNode object) {
                return object;
            }
            throw new IOException("it is not a JSON object");
        } catch (JacksonException e) {
            throw new IOException("it is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    static ObjectNode read(Path file) throws IOException {
        // Not Files.readAllBytes: an interrupt of the thread closes its channel.
        try (InputStream in = new FileInputStream(file.toFile())) {
            return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new IOException("could not read " + file + ": " + e.getMessage(), e);
        }
    }

    /** Writes a file that appears as a whole. */
    static void write(Path file, JsonNode json) throws IOException {
        WholeFile.write(file, file.resolveSibling(file.getFileName() + ".new"), out -> out.write(bytes(json)));
    }

    /** Writes a file in a directory that readers do not see yet. */
    static void writeDirectly(Path file, JsonNode json) throws IOException {
        try (OutputStream out = new FileOutputStream(file.toFile())) {
            out.write(bytes(json));
        }
    }

    static byte[] bytes(JsonNode json) {
        return JsonMapper.shared().writeValueAsBytes(json);
    }
}

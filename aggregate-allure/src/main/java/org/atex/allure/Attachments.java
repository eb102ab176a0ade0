package org.atex.allure;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.atex.api.Artifacts;
import org.atex.artifacts.ArtifactFiles;
import org.atex.artifacts.MediaType;
import org.atex.artifacts.SafePath;
import org.atex.artifacts.TempBuffer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/**
 * The attachments of one attempt. Its files become hard links in the directory of the results, or copies where links are
 * not possible. Other files, such as symbolic links, are not stored, but listed in {@link #refused()}.
 *
 * <p>Closing deletes all stored files, unless {@link #keep} was called. Not thread-safe.
 */
final class Attachments implements AutoCloseable {
    /** Maximum number of files that are listed as not stored. */
    private static final int MAX_LISTED = 100;

    private final ResultsDirectory directory;
    private final AttemptId id;
    private final Artifacts artifacts;
    private final long maxBytes;
    private final List<String> stored = new ArrayList<>();
    private final Set<Path> seen = new HashSet<>();
    private final List<String> refused = new ArrayList<>();
    private int refusals;
    private boolean kept;

    Attachments(ResultsDirectory directory, AttemptId id, Artifacts artifacts, long maxBytes) {
        this.directory = directory;
        this.id = id;
        this.artifacts = artifacts;
        this.maxBytes = maxBytes;
    }

    /** {@return a buffer for a part of the result} */
    TempBuffer buffer() {
        return directory.buffer();
    }

    /** Stores the files of a result that a test reported, and writes them as an array. */
    void write(JsonGenerator json, @Nullable String result, List<String> files) throws IOException {
        json.writeArrayPropertyStart("attachments");
        for (String file : files) {
            add(json, result, file);
        }
        json.writeEndArray();
    }

    /** Stores the files of the test itself, and all files that no result listed, and writes them as an array. */
    void writeWithRest(JsonGenerator json, List<String> files) throws IOException {
        json.writeStartArray();
        for (String file : files) {
            add(json, null, file);
        }
        for (Path rest : rest()) {
            add(json, rest, null, artifacts.files().relativize(rest).toString());
        }
        json.writeEndArray();
    }

    /** {@return the names of the files that were not stored, in limited number} */
    List<String> refused() {
        List<String> names = new ArrayList<>(refused);
        if (refusals > names.size()) {
            names.add("and " + (refusals - names.size()) + " more");
        }
        return names;
    }

    /** Keeps the stored files: a result refers to them. */
    void keep() {
        kept = true;
    }

    /** Deletes the stored files unless they are kept. */
    @Override
    public void close() throws IOException {
        if (kept) {
            return;
        }
        IOException failure = new IOException("could not delete files of " + id.name() + " in " + directory);
        for (String name : stored) {
            directory.delete(name, failure);
        }
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }

    private void add(JsonGenerator json, @Nullable String result, String name) throws IOException {
        Path file = artifacts.files().resolve(SafePath.ofFile(result, name));
        seen.add(file);
        add(json, file, result, name);
    }

    private void add(JsonGenerator json, Path file, @Nullable String result, String name) throws IOException {
        if (!ArtifactFiles.isRegular(artifacts, file) || !Files.isReadable(file)) {
            refuse(result == null ? name : result + "/" + name);
            return;
        }
        long size = Files.size(file);
        if (size <= maxBytes) {
            MediaType type = MediaType.of(file, name);
            String source = next(type);
            if (!directory.isLinked(file, source)) {
                directory.write(source, out -> copy(file, out));
            }
            attachment(json, name, type, source);
        } else {
            boolean text = ArtifactFiles.isText(file);
            String source = next(MediaType.TEXT);
            directory.write(source, out -> shorten(file, size, text, out));
            attachment(json, name + (text ? " (shortened)" : " (not stored)"), MediaType.TEXT, source);
        }
    }

    private static void attachment(JsonGenerator json, String name, MediaType type, String source) {
        json.writeStartObject();
        json.writeStringProperty("name", Words.wellFormed(name));
        json.writeStringProperty("type", type.name());
        json.writeStringProperty("source", source);
        json.writeEndObject();
    }

    private void refuse(String name) {
        if (refusals++ < MAX_LISTED) {
            refused.add(name);
        }
    }

    /** {@return a new name of a file} A name may be used only once: Allure 3 shows the second one as missing. */
    private String next(MediaType type) {
        String name = id.attachment(stored.size() + 1, type.extension());
        stored.add(name);
        return name;
    }

    /** {@return all entries that no result listed, sorted; no directories, except those that cannot be read} */
    private Set<Path> rest() throws IOException {
        Set<Path> rest = ArtifactFiles.all(artifacts);
        rest.removeAll(seen);
        return rest;
    }

    private static void copy(Path file, OutputStream out) throws IOException {
        // Not Files.copy: an interrupt of the thread closes its channel.
        try (InputStream in = new FileInputStream(file.toFile())) {
            in.transferTo(out);
        }
    }

    private void shorten(Path file, long size, boolean text, OutputStream out) throws IOException {
        if (!text) {
            print(out, "[" + size + " bytes, more than the limit of " + maxBytes + ", and not text: not stored]\n");
            return;
        }
        // The end of a log usually shows the reason of a failure.
        long head = maxBytes / 4;
        long tail = maxBytes - head;
        try (InputStream in = new FileInputStream(file.toFile())) {
            copy(in, head, out);
            print(out, "\n[… " + (size - maxBytes) + " bytes omitted …]\n");
            in.skipNBytes(size - maxBytes);
            copy(in, tail, out);
        }
    }

    private static void copy(InputStream in, long length, OutputStream out) throws IOException {
        byte[] buffer = new byte[8192];
        long left = length;
        while (left > 0) {
            int got = in.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (got < 0) {
                return;
            }
            out.write(buffer, 0, got);
            left -= got;
        }
    }

    private static void print(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
    }
}

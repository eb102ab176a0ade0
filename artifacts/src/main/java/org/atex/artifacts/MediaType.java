package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * The media type of a file, and the extension under which it is stored. Immutable.
 *
 * @param name the name of the type
 * @param extension the extension, without a dot
 */
public record MediaType(String name, String extension) {
    /** Plain text. */
    public static final MediaType TEXT = new MediaType("text/plain", "txt");

    private static final MediaType BINARY = new MediaType("application/octet-stream", "bin");

    // Without HTML and SVG: readers, such as Allure 2, would run scripts in them. They are shown as text.
    private static final Map<String, String> KNOWN = Map.ofEntries(
            Map.entry("avi", "video/x-msvideo"),
            Map.entry("bmp", "image/bmp"),
            Map.entry("bz2", "application/x-bzip2"),
            Map.entry("csv", "text/csv"),
            Map.entry("gif", "image/gif"),
            Map.entry("gz", "application/gzip"),
            Map.entry("jpeg", "image/jpeg"),
            Map.entry("jpg", "image/jpeg"),
            Map.entry("json", "application/json"),
            Map.entry("log", "text/plain"),
            Map.entry("md", "text/markdown"),
            Map.entry("mp4", "video/mp4"),
            Map.entry("pdf", "application/pdf"),
            Map.entry("png", "image/png"),
            Map.entry("tar", "application/x-tar"),
            Map.entry("tgz", "application/gzip"),
            Map.entry("tiff", "image/tiff"),
            Map.entry("tsv", "text/tab-separated-values"),
            Map.entry("txt", "text/plain"),
            Map.entry("webm", "video/webm"),
            Map.entry("webp", "image/webp"),
            Map.entry("xml", "application/xml"),
            Map.entry("xz", "application/x-xz"),
            Map.entry("yaml", "application/yaml"),
            Map.entry("yml", "application/yaml"),
            Map.entry("zip", "application/zip"),
            Map.entry("zst", "application/zstd"));

    /**
     * {@return the type of a file: by the extension of its name if that is known, else by its first bytes}
     *
     * @param file a regular file
     * @param name the name that the test gave it
     * @throws IOException if it cannot be read
     */
    public static MediaType of(Path file, String name) throws IOException {
        String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        String known = KNOWN.get(extension);
        if (known != null) {
            return new MediaType(known, extension);
        }
        return ArtifactFiles.isText(file) ? TEXT : BINARY;
    }
}

package org.atex.reportportal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.atex.api.Artifacts;
import org.atex.artifacts.ArtifactFiles;
import org.atex.artifacts.PlainText;
import org.atex.artifacts.SafePath;
import org.jspecify.annotations.Nullable;

/**
 * The files of an attempt as logs: small texts in the message, other files attached. Files that are attached become hard
 * links in the directory of the item, or copies where links are not possible. Not thread-safe.
 */
final class FileLogs {
    private static final int MAX_LISTED = 100;
    private static final int MAX_FILE_NAME = 100;

    /** The number of bytes of the end of a file that the log of a failure has. */
    private static final int LAST_LINES = 4096;

    private static final String OUTPUT = "output.txt";

    // Without HTML and SVG: a browser would run scripts in them. They are shown as text.
    private static final Map<String, String> TYPES = Map.ofEntries(
            Map.entry("bmp", "image/bmp"),
            Map.entry("bz2", "application/x-bzip2"),
            Map.entry("gif", "image/gif"),
            Map.entry("gz", "application/gzip"),
            Map.entry("jpeg", "image/jpeg"),
            Map.entry("jpg", "image/jpeg"),
            Map.entry("mp4", "video/mp4"),
            Map.entry("pdf", "application/pdf"),
            Map.entry("png", "image/png"),
            Map.entry("tar", "application/x-tar"),
            Map.entry("webm", "video/webm"),
            Map.entry("webp", "image/webp"),
            Map.entry("xz", "application/x-xz"),
            Map.entry("zip", "application/zip"),
            Map.entry("zst", "application/zstd"));

    private final Artifacts artifacts;
    private final Path stored;
    private final Calls calls;
    private final Parts.Times times;
    private final ReportPortalOptions options;
    private final Set<Path> seen = new HashSet<>();
    private final List<String> refused = new ArrayList<>();
    private int refusals;
    private int links;

    /**
     * @param stored the directory for files that are attached
     */
    FileLogs(Artifacts artifacts, Path stored, Calls calls, Parts.Times times, ReportPortalOptions options) {
        this.artifacts = artifacts;
        this.stored = stored;
        this.calls = calls;
        this.times = times;
        this.options = options;
    }

    /**
     * Logs the files of a result. Only its main output has the level of the result: the service analyses failures by
     * all their errors.
     *
     * @param result the name of the result, or null
     */
    void log(UUID item, @Nullable String result, List<String> files, String level) throws IOException {
        String main = files.isEmpty() || files.contains(OUTPUT) ? OUTPUT : files.getFirst();
        for (String name : files) {
            Path file = artifacts.files().resolve(SafePath.ofFile(result, name));
            seen.add(file);
            log(item, file, name, name.equals(main) ? level : Words.INFO);
        }
    }

    /** Logs all files that no result has listed. */
    void logRest(UUID item, String level) throws IOException {
        for (Path file : ArtifactFiles.all(artifacts)) {
            if (!seen.contains(file)) {
                String name = artifacts.files().relativize(file).toString();
                log(item, file, name, name.equals(OUTPUT) ? level : Words.INFO);
            }
        }
        if (!refused.isEmpty()) {
            if (refusals > refused.size()) {
                refused.add("and " + (refusals - refused.size()) + " more");
            }
            String list = String.join("\n", refused);
            calls.log(
                    item,
                    times.next(),
                    Words.WARN,
                    "files not sent, as they are missing, unreadable or not regular files:\n" + PlainText.lines(list),
                    null);
        }
    }

    private void log(UUID item, Path file, String name, String level) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)
                || !ArtifactFiles.isRegular(artifacts, file)
                || !Files.isReadable(file)) {
            refuse(name);
            return;
        }
        long size = Files.size(file);
        String shown = Text.name(name, Text.MAX_NAME);
        boolean isText = ArtifactFiles.isText(file);
        String known = TYPES.get(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
        String type = isText ? "text/plain" : known == null ? "application/octet-stream" : known;
        Attachment whole = Attachment.whole(file, fileName(name), type, size);
        if (size == 0) {
            calls.log(item, times.next(), level, shown + ": empty", null);
        } else if (isText && size <= options.inlineBytes()) {
            String text = PlainText.lines(whole.excerpt(options.inlineBytes()));
            calls.log(item, times.next(), level, shown + ":\n" + text, null);
        } else if (size <= options.attachmentBytes()) {
            calls.log(item, times.next(), level, message(shown, whole, level, ""), stored(whole));
        } else if (isText) {
            Attachment cut = Attachment.cut(file, fileName(name), type, size, options.attachmentBytes());
            String left = ", of which " + (size - cut.head() - cut.tail()) + " in the middle were not sent";
            calls.log(item, times.next(), level, message(shown, whole, level, left), stored(cut));
        } else {
            calls.log(
                    item,
                    times.next(),
                    Words.WARN,
                    shown + ": not sent, as its " + size + " bytes are more than the limit of "
                            + options.attachmentBytes(),
                    null);
        }
    }

    /** {@return the message of a log with a file; that of a failure has the last lines, which the service analyses} */
    private static String message(String name, Attachment file, String level, String left) throws IOException {
        String message = name + " (" + file.size() + " bytes" + left + ")";
        return file.isText() && level.equals(Words.ERROR)
                ? message + "; it ends with\n" + PlainText.lines(file.lastLines(LAST_LINES))
                : message;
    }

    private Attachment stored(Attachment file) throws IOException {
        Files.createDirectories(stored);
        Path link = stored.resolve(Integer.toString(++links));
        if (!ArtifactFiles.isLinked(file.path(), link)) {
            Files.copy(file.path(), link, LinkOption.NOFOLLOW_LINKS);
        }
        return new Attachment(link, file.name(), file.type(), file.size(), file.head(), file.tail());
    }

    private String fileName(String name) {
        String last = name.substring(name.lastIndexOf('/') + 1).replaceAll("[^A-Za-z0-9._-]", "_");
        String end = last.length() <= MAX_FILE_NAME ? last : last.substring(last.length() - MAX_FILE_NAME);
        return (links + 1) + "-" + end;
    }

    private void refuse(String name) {
        refusals++;
        if (refused.size() < MAX_LISTED) {
            refused.add(Text.name(name, Text.MAX_NAME));
        }
    }
}

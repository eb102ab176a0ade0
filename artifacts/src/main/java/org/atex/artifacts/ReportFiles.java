package org.atex.artifacts;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.atex.api.Artifacts;
import org.jspecify.annotations.Nullable;

/**
 * The directory of files beside a report. Each attempt has a directory in it, with a number as its name.
 *
 * <p>A browser must not run a file of a test as a page or a script: names get the extension {@code .txt} or {@code .bin}
 * unless their own is known to be harmless.
 *
 * <p>Thread safety: thread-safe.
 */
public final class ReportFiles {
    private static final int MAX_NAME = 80;
    private static final Set<String> HARMLESS = Set.of(
            "avi", "bin", "bmp", "bz2", "csv", "gif", "gz", "jpeg", "jpg", "json", "log", "mp4", "png", "tar", "tgz",
            "txt", "webm", "webp", "xz", "yaml", "yml", "zip", "zst");

    private final Path directory;
    private final AtomicLong count = new AtomicLong();

    /**
     * Creates a view of a directory, which need not exist.
     *
     * @param directory the directory
     */
    public ReportFiles(Path directory) {
        this.directory = directory;
    }

    /**
     * {@return the directory of files of a report: {@code report-files} for {@code report.html}}
     *
     * @param report the file of the report
     */
    public static Path beside(Path report) {
        String name = report.getFileName().toString();
        return report.resolveSibling(name.replaceFirst("(?<=.)\\.(html?|json|xml)$", "") + "-files");
    }

    /** {@return the files of one attempt, none yet} */
    public OfAttempt next() {
        long number = count.incrementAndGet();
        // A report that is continued has files already.
        while (Files.exists(directory.resolve(Long.toString(number)), LinkOption.NOFOLLOW_LINKS)) {
            number = count.incrementAndGet();
        }
        return new OfAttempt(number);
    }

    /**
     * Deletes the files of all attempts.
     *
     * @throws IOException if one of them cannot be deleted
     */
    public void delete() throws IOException {
        if (Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            Artifacts.at(directory).delete();
        }
    }

    /**
     * A stored file.
     *
     * @param name its name for readers, which a test chose
     * @param mediaType its media type
     * @param path its path relative to the directory of the report
     */
    public record StoredFile(String name, String mediaType, String path) {}

    /** The files of one attempt. Closing deletes them, unless {@link #keep} was called. Not thread-safe. */
    public final class OfAttempt implements AutoCloseable {
        private final long number;
        private final Set<Path> seen = new HashSet<>();
        private int files;
        private boolean kept;

        private OfAttempt(long number) {
            this.number = number;
        }

        /**
         * Stores a file: as a hard link, or as a copy on other file systems.
         *
         * @param file a regular file
         * @param name its name in the report, of which the end is a part of the stored name
         * @param isText whether it is text
         * @return its path relative to the directory of files, of letters, digits and {@code ._-/}
         * @throws IOException if it cannot be stored
         */
        public String add(Path file, String name, boolean isText) throws IOException {
            Path target = Files.createDirectories(directory.resolve(Long.toString(number)));
            String stored = ++files + "-" + safe(name, isText);
            if (!ArtifactFiles.isLinked(file, target.resolve(stored))) {
                // Not Files.copy: an interrupt of the thread closes its channel.
                try (InputStream in = new FileInputStream(file.toFile());
                        OutputStream out =
                                new FileOutputStream(target.resolve(stored).toFile())) {
                    in.transferTo(out);
                }
            }
            return number + "/" + stored;
        }

        /**
         * Stores a file that a test reported.
         *
         * @param artifacts the artifacts of the attempt
         * @param result the name of the result to which the file belongs, or null for the test itself
         * @param name the name of the file as reported by the test
         * @return the stored file; null if it is missing, unreadable or not a regular file
         * @throws IOException if it cannot be stored
         */
        public @Nullable StoredFile store(Artifacts artifacts, @Nullable String result, String name)
                throws IOException {
            if (artifacts.isNone()) {
                return null;
            }
            Path file = artifacts.files().resolve(SafePath.ofFile(result, name));
            seen.add(file);
            return store(artifacts, file, result == null ? name : result + "/" + name);
        }

        /**
         * Stores a file that no result listed.
         *
         * @param artifacts the artifacts of the attempt
         * @param file one of the {@link #rest}
         * @return the stored file; null if it is unreadable or not a regular file
         * @throws IOException if it cannot be stored
         */
        public @Nullable StoredFile store(Artifacts artifacts, Path file) throws IOException {
            return store(artifacts, file, artifacts.files().relativize(file).toString());
        }

        private @Nullable StoredFile store(Artifacts artifacts, Path file, String name) throws IOException {
            if (!ArtifactFiles.isRegular(artifacts, file) || !Files.isReadable(file)) {
                return null;
            }
            MediaType type = MediaType.of(file, name);
            String path = add(file, name, ArtifactFiles.isText(file));
            return new StoredFile(name, type.name(), directory.getFileName() + "/" + path);
        }

        /**
         * {@return all entries that were not stored, sorted; no directories, except those that cannot be read}
         *
         * @param artifacts the artifacts of the attempt
         * @throws IOException if a directory cannot be read
         */
        public Set<Path> rest(Artifacts artifacts) throws IOException {
            Set<Path> rest = ArtifactFiles.all(artifacts);
            rest.removeAll(seen);
            return rest;
        }

        /** Keeps the files: the attempt is in the report. */
        public void keep() {
            kept = true;
        }

        @Override
        public void close() throws IOException {
            if (!kept && files > 0) {
                Artifacts.at(directory.resolve(Long.toString(number))).delete();
                deleteIfEmpty();
            }
        }
    }

    private void deleteIfEmpty() throws IOException {
        try {
            Files.deleteIfExists(directory);
        } catch (DirectoryNotEmptyException e) {
            // It contains files of other attempts.
        }
    }

    private static String safe(String name, boolean isText) {
        String ascii = name.replaceAll("[^A-Za-z0-9._-]", "_");
        String end = ascii.substring(Math.max(0, ascii.length() - MAX_NAME));
        String extension = end.substring(end.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        return HARMLESS.contains(extension) && end.contains(".") ? end : end + (isText ? ".txt" : ".bin");
    }
}

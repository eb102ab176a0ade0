package org.atex.jsonl;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.atex.api.Artifacts;

/**
 * A copy of a test's files on the file system that they are to be on, compressed if so wished: whatever takes long or can
 * fail half-way is done here, and what remains is to rename it.
 */
final class Stage implements AutoCloseable {
    /** No platform's directory is ever called that: {@code SafePath} puts hexadecimal digits or nothing after a per cent. */
    private static final String PREFIX = "%stage";

    private final Path directory;

    private Stage(Path directory) {
        this.directory = directory;
    }

    /** Deletes what a crash left. */
    static void sweep(Path root) throws IOException {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(root, PREFIX + "*")) {
            for (Path stage : left) {
                Artifacts.at(stage).delete();
            }
        }
    }

    static Stage of(Path files, Path root, Compression compression) throws IOException {
        Stage stage = new Stage(Files.createTempDirectory(root, PREFIX));
        try {
            Files.createDirectory(stage.files());
            Files.walkFileTree(files, stage.new Copy(files, compression));
            return stage;
        } catch (IOException e) {
            try {
                stage.close();
            } catch (IOException f) {
                e.addSuppressed(f);
            }
            throw e;
        }
    }

    Path files() {
        return directory.resolve("files");
    }

    @Override
    public void close() throws IOException {
        Artifacts.at(directory).delete();
    }

    private final class Copy extends SimpleFileVisitor<Path> {
        private final Path from;
        private final Compression compression;

        Copy(Path from, Compression compression) {
            this.from = from;
            this.compression = compression;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path source, BasicFileAttributes attributes) throws IOException {
            if (!source.equals(from)) {
                Files.createDirectory(files().resolve(from.relativize(source)));
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path source, BasicFileAttributes attributes) throws IOException {
            Path target = target(source);
            if (compression == Compression.NONE || !attributes.isRegularFile()) {
                Files.copy(source, target, StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
                return FileVisitResult.CONTINUE;
            }
            try (InputStream in = new FileInputStream(source.toFile());
                    OutputStream file = new FileOutputStream(target.toFile());
                    OutputStream out = compression.compress(file, attributes.size())) {
                in.transferTo(out);
            }
            return FileVisitResult.CONTINUE;
        }

        private Path target(Path source) {
            Path relative = from.relativize(source);
            String name = relative + compression.suffix();
            // Every name gets the suffix, so none meets another; but for a directory that is called so from the start.
            boolean taken = !name.equals(relative.toString()) && Files.isDirectory(from.resolve(name));
            return files().resolve(taken ? relative + " (1)" + compression.suffix() : name);
        }
    }
}

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
 * A temporary copy of the files of a test on the target file system, compressed if required. Steps that are slow or can
 * fail half-way are done on this copy; afterwards it only has to be renamed. Closing deletes the rest of the copy.
 */
final class StagedFiles implements AutoCloseable {
    /**
     * Cannot be the directory of a platform: in names made by {@code SafePath}, hexadecimal digits follow a per cent.
     */
    private static final String PREFIX = "%stage";

    private final Path directory;

    private StagedFiles(Path directory) {
        this.directory = directory;
    }

    /** Deletes copies that a crash left. */
    static void sweep(Path root) throws IOException {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(root, PREFIX + "*")) {
            for (Path stage : left) {
                Artifacts.at(stage).delete();
            }
        }
    }

    static StagedFiles of(Path files, Path root, Compression compression) throws IOException {
        StagedFiles stage = new StagedFiles(Files.createTempDirectory(root, PREFIX));
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
            // All files get the suffix, so their names stay distinct; but a directory may already have the new name.
            boolean taken = !name.equals(relative.toString()) && Files.isDirectory(from.resolve(name));
            return files().resolve(taken ? relative + " (1)" + compression.suffix() : name);
        }
    }
}

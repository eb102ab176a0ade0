package org.atex.ssh;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atex.api.Connection;
import org.atex.support.RawFileName;

/**
 * Compares the SHA-256 checksums of copied files on both sides. Symbolic links are not compared, and of a downloaded
 * directory the files of the system count: files that were in the target before are ignored.
 */
final class Checksums extends Transfer {
    private final Connection connection;
    private final String remotePath;
    private final Path localPath;
    private final boolean upload;

    private Checksums(
            String from, String to, Connection connection, String remotePath, Path localPath, boolean upload) {
        super(from, to);
        this.connection = connection;
        this.remotePath = remotePath;
        this.localPath = localPath;
        this.upload = upload;
    }

    static Checksums ofUpload(Connection connection, Route route, Path source, String target) {
        return new Checksums(source.toString(), target + " on " + route, connection, target, source, true);
    }

    static Checksums ofDownload(Connection connection, Route route, String source, Path target) {
        return new Checksums(source + " on " + route, target.toString(), connection, source, target, false);
    }

    @Override
    void attempt() throws IOException, InterruptedException {
        // From names on the system, relative to a directory, to files of this machine.
        Map<String, Path> files = new LinkedHashMap<>();
        if (Files.isSymbolicLink(localPath) && upload) {
            return;
        }
        if (Files.isRegularFile(localPath, LinkOption.NOFOLLOW_LINKS)) {
            files.put("./" + RawFileName.of(RemotePath.name(remotePath)), localPath);
            new Verification(connection, RemotePath.parent(remotePath)).sums(files);
            return;
        }
        Verification verification = new Verification(connection, remotePath);
        if (upload) {
            addLocalFiles(files);
        } else if (Files.isDirectory(localPath)) {
            for (String name : verification.files()) {
                files.put(name, localPath.resolve(RawFileName.path(name)));
            }
        }
        verification.sums(files);
    }

    private void addLocalFiles(Map<String, Path> files) throws IOException {
        Files.walkFileTree(localPath, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isRegularFile()) {
                    files.put("./" + RawFileName.of(localPath.relativize(file)), file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }
}

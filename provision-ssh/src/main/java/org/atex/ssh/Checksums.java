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

/** Compares the checksums of what was copied. */
final class Checksums extends Transfer {
    private final Connection connection;
    private final String there;
    private final Path here;
    private final boolean upload;

    private Checksums(String from, String to, Connection connection, String there, Path here, boolean upload) {
        super(from, to);
        this.connection = connection;
        this.there = there;
        this.here = here;
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
        Map<String, Path> files = new LinkedHashMap<>();
        if (Files.isSymbolicLink(here) && upload) {
            return;
        }
        if (Files.isRegularFile(here, LinkOption.NOFOLLOW_LINKS)) {
            files.put("./" + RawFileName.of(RemotePath.name(there)), here);
            new Verification(connection, RemotePath.parent(there)).sums(files);
            return;
        }
        Verification verification = new Verification(connection, there);
        if (upload) {
            collect(files);
        } else if (Files.isDirectory(here)) {
            for (String name : verification.files()) {
                files.put(name, here.resolve(RawFileName.path(name)));
            }
        }
        verification.sums(files);
    }

    private void collect(Map<String, Path> files) throws IOException {
        Files.walkFileTree(here, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isRegularFile()) {
                    files.put("./" + RawFileName.of(here.relativize(file)), file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }
}

package org.atex.artifacts;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** A kept run as one zip file. Its entries have the paths of the run's files in a directory of runs. */
final class RunBundle {
    private static final Pattern RUN = Pattern.compile(Spool.PREFIX + "[A-Za-z0-9][A-Za-z0-9._-]{0,99}");
    private static final Pattern CONTENT = Pattern.compile(
            Pattern.quote(Spool.JOURNAL) + "|" + Pattern.quote(Spool.REPLAYS) + "|" + Pattern.quote(Spool.LOG) + "|("
                    + Spool.FILES + "|[0-9]{1,18})(/.*)?",
            Pattern.DOTALL);

    private RunBundle() {}

    /** Writes a run. {@return the files that were left out, with the reasons} */
    static List<String> write(Path run, Path zip) throws IOException {
        if (Files.exists(zip)) {
            throw new IOException("could not bundle the run in " + run + ": " + zip + " exists");
        }
        Path part = zip.resolveSibling(zip.getFileName() + ".part");
        List<String> leftOut = new ArrayList<>();
        try (WriterLock lock = Spool.lockIfEnded(run)) {
            if (lock == null) {
                throw new IOException("could not bundle the run in " + run
                        + ": it goes on, or another program uses it; try again later");
            }
            try (ZipOutputStream out = new ZipOutputStream(
                    Files.newOutputStream(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    StandardCharsets.UTF_8)) {
                Files.walkFileTree(run, new Bundling(run, out, leftOut));
            }
            Files.move(part, zip);
        } finally {
            Files.deleteIfExists(part);
        }
        return leftOut;
    }

    private static final class Bundling extends SimpleFileVisitor<Path> {
        private final Path run;
        private final ZipOutputStream out;
        private final List<String> leftOut;

        Bundling(Path run, ZipOutputStream out, List<String> leftOut) {
            this.run = run;
            this.out = out;
            this.leftOut = leftOut;
        }

        private String nameOf(Path file) {
            StringBuilder name = new StringBuilder(run.getFileName().toString());
            run.relativize(file).forEach(part -> name.append('/').append(part));
            return name.toString();
        }

        private boolean isContent(Path file) {
            return CONTENT.matcher(run.relativize(file).getName(0).toString()).matches();
        }

        @Override
        public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
            if (directory.equals(run)) {
                return FileVisitResult.CONTINUE;
            }
            if (!isContent(directory)) {
                return FileVisitResult.SKIP_SUBTREE; // a copy that a killed program has left
            }
            out.putNextEntry(new ZipEntry(nameOf(directory) + "/"));
            out.closeEntry();
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            if (!attributes.isRegularFile()) {
                leftOut.add(file + " is not a regular file");
                return FileVisitResult.CONTINUE;
            }
            try (InputStream in = new FileInputStream(file.toFile())) {
                ZipEntry entry = new ZipEntry(nameOf(file));
                entry.setLastModifiedTime(
                        FileTime.from(attributes.lastModifiedTime().toInstant()));
                out.putNextEntry(entry);
                in.transferTo(out);
                out.closeEntry();
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) {
            leftOut.add(file + " could not be read: " + e);
            return FileVisitResult.CONTINUE;
        }
    }

    /** {@return the directory of the run in a bundle, which appears when it is complete} */
    static Path unpack(Path zip, Path runs) throws IOException {
        try (ZipFile file = new ZipFile(zip.toFile(), StandardCharsets.UTF_8)) {
            List<ZipEntry> entries = new ArrayList<>(file.size());
            file.entries().asIterator().forEachRemaining(entries::add);
            String run = entries.isEmpty() ? "" : entries.get(0).getName().replaceFirst("/.*", "");
            if (!RUN.matcher(run).matches() || file.getEntry(run + "/" + Spool.JOURNAL) == null) {
                throw new ZipException("it does not contain a run");
            }
            return NewRun.write(runs, run.substring(Spool.PREFIX.length()), directory -> {
                requireSpace(entries, directory);
                for (ZipEntry entry : entries) {
                    unpack(file, entry, pathOf(entry, run, directory));
                }
            });
        } catch (IOException e) {
            throw new IOException("could not unpack the run in " + zip + ": " + e.getMessage(), e);
        }
    }

    private static void requireSpace(List<ZipEntry> entries, Path directory) throws IOException {
        long bytes = 0;
        for (ZipEntry entry : entries) {
            bytes += Math.max(0, entry.getSize());
        }
        long free = Files.getFileStore(directory).getUsableSpace();
        if (bytes < 0 || bytes > free) {
            throw new IOException("it needs " + bytes + " bytes, and " + free + " are free");
        }
    }

    private static Path pathOf(ZipEntry entry, String run, Path directory) throws IOException {
        String name = entry.isDirectory()
                ? entry.getName().substring(0, entry.getName().length() - 1)
                : entry.getName();
        try {
            if (name.startsWith(run + "/")
                    && CONTENT.matcher(name.substring(run.length() + 1)).matches()) {
                String inside = name.substring(run.length() + 1);
                Path path = directory.resolve(inside);
                // No part is empty, "." or "..", and none is absolute or has a drive.
                if (path.normalize().equals(path)
                        && path.startsWith(directory)
                        && directory.relativize(path).getNameCount() == inside.split("/", -1).length) {
                    return path;
                }
            }
        } catch (InvalidPathException e) {
            // The entry is refused.
        }
        throw new ZipException("the entry '" + entry.getName() + "' is not part of a run");
    }

    private static void unpack(ZipFile file, ZipEntry entry, Path path) throws IOException {
        if (entry.isDirectory()) {
            Files.createDirectories(path);
            return;
        }
        Files.createDirectories(path.resolveSibling("."));
        try (InputStream in = file.getInputStream(entry);
                OutputStream out =
                        Files.newOutputStream(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            // Not more than it declares: the sum of these sizes fits on the disk.
            long left = entry.getSize();
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                left -= n;
                if (left < 0) {
                    throw new ZipException("the entry '" + entry.getName() + "' is larger than it declares");
                }
                out.write(buffer, 0, n);
            }
        }
        if (entry.getLastModifiedTime() != null) {
            Files.setLastModifiedTime(path, entry.getLastModifiedTime());
        }
    }
}

package org.atex.ssh;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.Input;
import org.atex.api.RunningCommand;
import org.atex.support.RawFileName;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Uploads a file or a tree as a tar stream to one command. */
final class TarUpload extends Transfer {
    private static final Logger LOG = LoggerFactory.getLogger(TarUpload.class);
    private static final int BUFFER = 128 * 1024;
    private static final int PERMISSIONS = 07777;

    /**
     * The script that unpacks the archive. {@code -o} makes the login user the owner; {@code -p} keeps the modes
     * without regard to the umask. The shell changes to the directory, as {@code tar -C} would read back-slashes in its
     * name as escapes. The first line of output says whether this tar supports sparse files.
     */
    private static final String UNPACK = """
            cd "$1" || exit
            LC_ALL=C
            export LC_ALL
            case $(tar --version 2>/dev/null </dev/null) in
            *GNU* | *bsdtar*) echo holes ;;
            *) echo plain ;;
            esac
            tar -x -p -o -f - || exit
            """;

    private static final String TREE = "mkdir -p \"$1\" || exit\n" + UNPACK;

    private static final String FILE = """
            mkdir -p "$1" || exit
            if [ -d "$1/$2" ] && [ ! -L "$1/$2" ]; then
                echo "a directory is in the way of a file: $1/$2" >&2
                exit 1
            fi
            """ + UNPACK + "stat -c 'size %s' \"./$2\" 2>/dev/null; exit 0\n";

    private final Connection connection;
    private final Path source;
    private final String target;
    private final TransferListener listener;
    private final byte[] piece = new byte[BUFFER];
    private final Map<String, Long> sizes = new LinkedHashMap<>();
    private long moved;

    TarUpload(Connection connection, Route route, Path source, String target) {
        super(source.toString(), target + " on " + route);
        this.connection = connection;
        this.source = source;
        this.target = target;
        this.listener = route.options().transfers();
    }

    @Override
    void attempt() throws IOException, InterruptedException {
        if (!Files.exists(source, LinkOption.NOFOLLOW_LINKS)) {
            throw new NoSuchFileException(source.toString());
        }
        moved = 0;
        sizes.clear();
        unpack();
        if (isTree()) {
            new Verification(connection, target).sizes(sizes);
        }
    }

    private void unpack() throws IOException, InterruptedException {
        try (RunningCommand tar = connection.start(command().withStdin(Input.pipe()))) {
            // In a thread of its own: tar would block on a full stderr while this thread writes to it.
            Callable<String> reading = () -> new String(tar.stderr().readAllBytes(), UTF_8);
            FutureTask<String> errors = new FutureTask<>(reading);
            Thread.ofVirtual().name("atex-ssh-tar").start(errors);
            Unpacker unpacker = new Unpacker(tar);
            IOException failure = null;
            try (TarWriter archive = new TarWriter(new BufferedOutputStream(tar.stdin(), BUFFER))) {
                send(archive, unpacker);
                archive.finish();
            } catch (ChangedException e) {
                throw e;
            } catch (IOException e) {
                failure = e;
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException();
            }
            CommandEnd end = tar.await();
            if (!end.succeeded()) {
                throw reason(end, text(errors), failure);
            }
            if (failure != null) {
                throw failure;
            }
            if (!isTree()) {
                unpacker.verifySize(sizes.values());
            }
        }
    }

    /** Reads the output of {@link #UNPACK}, at the moment at which it is needed. */
    private static final class Unpacker {
        private final BufferedReader answers;
        private @Nullable Boolean holes;

        Unpacker(RunningCommand tar) {
            answers = new BufferedReader(new InputStreamReader(tar.stdout(), US_ASCII));
        }

        boolean makesHoles() throws IOException {
            if (holes == null) {
                holes = "holes".equals(answer("holes", "plain"));
            }
            return holes;
        }

        void verifySize(Collection<Long> sent) throws IOException {
            String size = sent.isEmpty() ? null : answer("size ");
            if (size != null && !sent.contains(Long.parseLong(size.substring(5)))) {
                throw new IOException("the copy is not as long as the original: "
                        + sent.iterator().next() + " bytes were sent, and the copy has "
                        + size.substring(5) + " bytes");
            }
        }

        /**
         * {@return the next line that starts with one of the words, or null} Other lines are skipped: a shell may
         * print.
         */
        private @Nullable String answer(String... words) throws IOException {
            for (@Nullable String line; (line = answers.readLine()) != null; ) {
                if (Stream.of(words).anyMatch(line::startsWith)) {
                    return line;
                }
            }
            return null;
        }
    }

    private static String text(FutureTask<String> errors) throws InterruptedException {
        try {
            return errors.get();
        } catch (ExecutionException e) {
            return "";
        }
    }

    private boolean isTree() {
        return Files.isDirectory(source, LinkOption.NOFOLLOW_LINKS);
    }

    private Command command() {
        if (isTree()) {
            return Command.of("sh", "-c", TREE, "sh", target);
        }
        return Command.of("sh", "-c", FILE, "sh", RemotePath.parent(target), RemotePath.name(target));
    }

    private void send(TarWriter archive, Unpacker unpacker) throws IOException {
        boolean kernel = isKernelDirectory();
        if (!isTree()) {
            String name = "./" + RawFileName.of(RemotePath.name(target));
            add(archive, unpacker, source, name, attributes(source), kernel);
            return;
        }
        Files.walkFileTree(source, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                add(archive, unpacker, directory, name(directory), attributes, kernel);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                add(archive, unpacker, file, name(file), attributes, kernel);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /**
     * {@return whether the source is in {@code /proc} or {@code /sys}} Sizes of such files are not their real lengths.
     */
    private boolean isKernelDirectory() throws IOException {
        Path real = (isTree() ? source : source.toAbsolutePath().resolveSibling(".")).toRealPath();
        return real.startsWith("/proc") || real.startsWith("/sys");
    }

    private String name(Path path) {
        return path.equals(source) ? "." : "./" + RawFileName.of(source.relativize(path));
    }

    private static BasicFileAttributes attributes(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    private void add(
            TarWriter archive,
            Unpacker unpacker,
            Path path,
            String name,
            BasicFileAttributes attributes,
            boolean kernel)
            throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException();
        }
        FileTime time = attributes.lastModifiedTime();
        if (attributes.isOther()) {
            LOG.warn("not copied to {}, as it is not a file, directory or link: {}", target, path);
        } else if (attributes.isSymbolicLink()) {
            String to = RawFileName.of(Files.readSymbolicLink(path));
            archive.begin(TarWriter.LINK, name, to, 0777, time, 0);
        } else {
            int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & PERMISSIONS;
            if (attributes.isDirectory()) {
                archive.begin(TarWriter.DIRECTORY, name + "/", "", mode, time, 0);
            } else if (kernel) {
                // The size in the header must be exact, so the file is read before the header is written.
                byte[] content = Files.readAllBytes(path);
                archive.begin(TarWriter.FILE, name, "", mode, time, content.length);
                archive.write(content, content.length);
                sizes.put(name, (long) content.length);
                reportProgress(path, content.length);
            } else {
                file(archive, unpacker, path, name, mode, attributes);
            }
            archive.end();
        }
    }

    private void file(
            TarWriter archive, Unpacker unpacker, Path file, String name, int mode, BasicFileAttributes attributes)
            throws IOException {
        long size = attributes.size();
        FileTime time = attributes.lastModifiedTime();
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            List<DataRange> data = Holes.data(in, size);
            long length = data.stream().mapToLong(DataRange::length).sum();
            if (length < size && unpacker.makesHoles()) {
                archive.beginSparse(name, mode, time, data, size);
                reportProgress(file, size - length);
            } else {
                archive.begin(TarWriter.FILE, name, "", mode, time, size);
                data = List.of(new DataRange(0, size));
            }
            for (DataRange range : data) {
                content(archive, file, in, range);
            }
        }
        sizes.put(name, size);
    }

    private void content(TarWriter archive, Path file, FileChannel in, DataRange range) throws IOException {
        long left = range.length();
        in.position(range.offset());
        while (left > 0) {
            int n = in.read(ByteBuffer.wrap(piece, 0, (int) Math.min(piece.length, left)));
            if (n < 0) {
                throw new ChangedException(file + " became shorter while it was read");
            }
            archive.write(piece, n);
            left -= n;
            reportProgress(file, n);
        }
    }

    private void reportProgress(Path file, long more) {
        moved += more;
        listener.transferred(file.toString(), moved);
    }
}

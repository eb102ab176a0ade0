package org.atex.ssh;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.RunningCommand;
import org.atex.support.RawFileName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Downloads a tree as a tar stream from one command, and a single file as its plain content. */
final class TarDownload extends Transfer {
    private static final Logger LOG = LoggerFactory.getLogger(TarDownload.class);
    private static final int BUFFER = 128 * 1024;
    private static final int MAX_LINE = 8192;

    /**
     * The script that sends a file or a tree. Its first line announces the format: {@code tar}, or {@code file} with
     * mode, time and size of a single file.
     *
     * <p>The shell changes to the directory, as tar would read back-slashes in its name as escapes. Files of
     * {@code /proc} and {@code /sys} have a size other than their real length. tar would rely on it; cat and cp read to
     * the end.
     */
    private static final String PACK = """
            LC_ALL=C
            export LC_ALL
            gnu() {
                case $(tar --version 2>/dev/null </dev/null) in *GNU*) return 0 ;; esac
                return 1
            }
            kernels() {
                case $(cd "$1" 2>/dev/null && pwd -P) in /proc | /proc/* | /sys | /sys/*) return 0 ;; esac
                return 1
            }
            gnu='--format=posix --pax-option=delete=atime,delete=ctime -S'
            if [ -d "$1" ] && [ ! -L "$1" ]; then
                cd "$1" || exit
                echo tar
                if kernels .; then
                    copy=$(mktemp -d) || exit
                    trap 'chmod -R u+rwX "$copy"; rm -rf "$copy"' EXIT
                    cp -R -P -p . "$copy" && cd "$copy" && tar -c -f - .
                    exit
                fi
                if gnu; then
                    exec tar -c $gnu -f - .
                fi
                exec tar -c -f - .
            fi
            if [ -f "$1" ] && [ ! -L "$1" ] && about=$(stat -c '%a %.9Y %s %b' "$1" 2>/dev/null); then
                set -- "$1" "$2" "$3" $about
                if [ "$6" -le 1048576 ] || [ "$7" -ge $(($6 / 512 - 256)) ] || ! gnu; then
                    if kernels "$2"; then
                        set -- "$1" "$2" "$3" "$4" "$5" 0
                    fi
                    echo "file $4 $5 $6"
                    exec cat "$1"
                fi
            fi
            cd "$2" || exit
            echo tar
            if gnu; then
                exec tar -c $gnu --no-unquote -f - "./$3"
            fi
            exec tar -c -f - "./$3"
            """;

    private final Connection connection;
    private final String source;
    private final Path target;
    private final TransferListener listener;

    TarDownload(Connection connection, Route route, String source, Path target) {
        super(source + " on " + route, target.toString());
        this.connection = connection;
        this.source = source;
        this.target = target;
        this.listener = route.options().transfers();
    }

    @Override
    void attempt() throws IOException, InterruptedException {
        Command pack = Command.of("sh", "-c", PACK, "sh", source, RemotePath.parent(source), RemotePath.name(source));
        try (RunningCommand tar = connection.start(pack)) {
            // In a thread of its own: tar would block on a full stderr while this thread reads stdout.
            Callable<String> reading = () -> new String(tar.stderr().readAllBytes(), UTF_8);
            FutureTask<String> errors = new FutureTask<>(reading);
            Thread.ofVirtual().name("atex-ssh-tar").start(errors);
            LocalTree tree = new LocalTree(target, listener);
            InputStream stream = new BufferedInputStream(tar.stdout(), BUFFER);
            IOException failure = null;
            try {
                receive(tree, stream);
                drain(stream);
            } catch (InterruptedIOException e) {
                throw e;
            } catch (Untar.LocalFileException e) {
                throw e.reason();
            } catch (IOException e) {
                failure = e;
            }
            CommandEnd end = tar.await();
            String messages = text(errors);
            if (end.equals(new CommandEnd.Exited(1)) && failure == null && saysChanged(messages)) {
                LOG.warn("while {} was copied from {}: {}", source, connection, messages.strip());
            } else if (!end.succeeded()) {
                throw reason(end, messages, failure);
            } else if (failure != null) {
                throw failure;
            }
            tree.finish();
        }
    }

    private void receive(LocalTree tree, InputStream stream) throws IOException {
        String first = line(stream);
        List<String> about = List.of(first.split(" ", -1));
        if (first.equals("tar")) {
            new Untar(tree, RawFileName.of(RemotePath.name(source))).read(stream);
        } else if (about.size() == 4 && about.get(0).equals("file")) {
            file(tree, about, stream);
        } else {
            throw new IOException(
                    first.isEmpty()
                            ? "the system sent nothing"
                            : "the system sent '" + RawFileName.readable(first)
                                    + "' in place of the file (does a start-up file of its login shell print that?)");
        }
    }

    private void file(LocalTree tree, List<String> about, InputStream stream) throws IOException {
        try {
            BigDecimal time = new BigDecimal(about.get(2));
            long seconds = time.longValue();
            long nanos =
                    time.subtract(BigDecimal.valueOf(seconds)).movePointRight(9).longValue();
            long size = tree.file(
                    ".",
                    Integer.parseInt(about.get(1), 8),
                    FileTime.from(Instant.ofEpochSecond(seconds, nanos)),
                    stream);
            if (size < Long.parseLong(about.get(3))) {
                throw new ChangedException(source + " became shorter while it was read");
            }
        } catch (NumberFormatException e) {
            throw new IOException("the system sent an invalid description of the file: " + about, e);
        } catch (ChangedException e) {
            throw e;
        } catch (LocalTree.StreamException e) {
            throw e.reason();
        } catch (IOException e) {
            throw new Untar.LocalFileException(e);
        }
    }

    private static String line(InputStream stream) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b; (b = stream.read()) >= 0 && b != '\n' && line.size() < MAX_LINE; ) {
            line.write(b);
        }
        return line.toString(ISO_8859_1);
    }

    /** A warning of tar for files that are written to meanwhile, such as logs. Their content is that of some moment. */
    private static boolean saysChanged(String messages) {
        return !messages.isBlank() && messages.lines().allMatch(line -> line.contains("file changed as we read it"));
    }

    /** Reads the padding after the end of the archive, so that tar does not fail to write it. */
    private static void drain(InputStream stream) throws IOException {
        byte[] piece = new byte[8192];
        while (stream.read(piece) >= 0) {
            // the bytes are not needed
        }
    }

    private static String text(FutureTask<String> errors) throws InterruptedException {
        try {
            return errors.get();
        } catch (ExecutionException e) {
            return "";
        }
    }
}

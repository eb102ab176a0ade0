package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.RunningCommand;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fetches a file or a tree as a tar stream from one command. */
final class TarDownload extends Transfer {
    private static final Logger LOG = LoggerFactory.getLogger(TarDownload.class);

    private static final String PACK = """
            if [ -d "$1" ] && [ ! -L "$1" ]; then
                exec tar -c -f - -C "$1" .
            fi
            exec tar -c -f - -C "$2" "./$3"
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
        String name = RemotePath.name(source);
        Command pack = Command.of("sh", "-c", PACK, "sh", source, RemotePath.parent(source), name);
        try (RunningCommand tar = connection.start(pack)) {
            Callable<String> reading = () -> new String(tar.stderr().readAllBytes(), UTF_8);
            FutureTask<String> said = new FutureTask<>(reading);
            Thread.ofVirtual().name("atex-ssh-tar").start(said);
            LocalTree tree = new LocalTree(target, listener);
            IOException broken = null;
            try {
                new Untar(tree, name).read(tar.stdout());
                drain(tar.stdout());
            } catch (InterruptedIOException e) {
                throw e;
            } catch (Untar.HereException e) {
                throw e.reason();
            } catch (IOException e) {
                broken = e;
            }
            CommandEnd end = tar.await();
            String words = text(said);
            if (end.equals(new CommandEnd.Exited(1)) && broken == null && saysChanged(words)) {
                LOG.warn("while {} was copied from {}: {}", source, connection, words.strip());
            } else if (!end.succeeded()) {
                throw reason(end, words, broken);
            } else if (broken != null) {
                throw broken;
            }
            tree.finish();
        }
    }

    /** As with logs that are written to meanwhile: what was copied is what was there at some moment. */
    private static boolean saysChanged(String words) {
        return words.lines().allMatch(line -> line.contains("file changed as we read it"));
    }

    /** Padding may follow the end of the archive. */
    private static void drain(InputStream stream) throws IOException {
        byte[] piece = new byte[8192];
        while (stream.read(piece) >= 0) {
            // nothing of interest
        }
    }

    private static String text(FutureTask<String> said) throws InterruptedException {
        try {
            return said.get();
        } catch (ExecutionException e) {
            return "";
        }
    }
}

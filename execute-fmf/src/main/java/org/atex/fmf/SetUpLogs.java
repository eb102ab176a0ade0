package org.atex.fmf;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.atex.api.Connection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what prepare and finish scripts write: a directory for each time that a system is made ready, with a file for each
 * step that writes anything.
 *
 * <p>Thread safety: from any thread.
 */
final class SetUpLogs {
    private static final Logger LOG = LoggerFactory.getLogger(SetUpLogs.class);
    private static final int LONGEST = 100;

    private final @Nullable Path chosen;
    private final boolean stamped;
    private @Nullable Path temporary;

    SetUpLogs(FmfOptions options) {
        chosen = options.setUpLogs();
        stamped = options.timestampedOutput();
    }

    /**
     * {@return what keeps the output of one step; its file is made when there is some}
     *
     * @param connection the system
     * @param number tells this time that it is made ready from any other
     * @param step the name of the step, which can be that of a file
     */
    Log of(Connection connection, String number, String step) {
        return new Log(name(connection, number), step + ".txt");
    }

    private static String name(Connection connection, String number) {
        String system = connection.toString().replaceAll("[^A-Za-z0-9._@-]+", "-");
        String cut = system.length() > LONGEST ? system.substring(0, LONGEST) : system;
        return cut + "." + number;
    }

    /**
     * {@return the directory of the files of one time that a system is made ready; it is there}
     *
     * @param connection the system
     * @param number tells this time from any other
     */
    Path directoryOf(Connection connection, String number) throws IOException {
        return Files.createDirectories(directory().resolve(name(connection, number)));
    }

    private synchronized Path directory() throws IOException {
        if (chosen != null) {
            return chosen;
        }
        if (temporary == null) {
            temporary = Files.createTempDirectory("atex-set-up-logs");
            LOG.info(
                    "what prepare and finish scripts write is kept in {} (FmfOptions.withSetUpLogs says where)",
                    temporary);
        }
        return temporary;
    }

    /** A file. What cannot be kept is not worth a failure. For one thread, but for {@link #file}. */
    final class Log extends OutputStream {
        private final String system;
        private final String name;
        private @Nullable OutputStream to;
        private volatile @Nullable Path file;
        private boolean failed;

        private Log(String system, String name) {
            this.system = system;
            this.name = name;
        }

        /** {@return where it is, or null while nothing was written} */
        @Nullable
        Path file() {
            return file;
        }

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            if (failed) {
                return;
            }
            try {
                OutputStream open = to;
                if (open == null) {
                    open = open();
                    to = open;
                }
                open.write(bytes, offset, length);
            } catch (IOException e) {
                failed = true;
                LOG.warn("the output of {} on {} cannot be kept: {}", name, system, e.toString());
            }
        }

        private OutputStream open() throws IOException {
            Path path = Files.createDirectories(directory().resolve(system)).resolve(name);
            OutputStream plain = new FileOutputStream(path.toFile(), true);
            file = path;
            return stamped ? new StampedOutput(plain, Instant::now) : plain;
        }

        @Override
        public void close() {
            try {
                if (to != null) {
                    to.close();
                }
            } catch (IOException e) {
                LOG.warn("the output of {} on {} may not be complete: {}", name, system, e.toString());
            }
        }
    }
}

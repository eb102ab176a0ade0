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
 * Logs the output of prepare and finish scripts. There is one directory for each preparation of a system, and in it one
 * file for each step that has output. Thread-safe.
 */
final class SetUpLogs {
    private static final Logger LOG = LoggerFactory.getLogger(SetUpLogs.class);
    /** Maximum length of the name of a system in the name of a directory. */
    private static final int LONGEST_NAME = 100;

    private final @Nullable Path chosen;
    private final boolean stamped;
    private @Nullable Path temporary;

    SetUpLogs(FmfOptions options) {
        chosen = options.setUpLogs();
        stamped = options.timestampedOutput();
    }

    /**
     * {@return the log of one step} Its file is created with the first output.
     *
     * @param connection the connection to the system
     * @param suffix distinguishes preparations of the same system
     * @param step the name of the step, a valid file name
     */
    Log of(Connection connection, String suffix, String step) {
        return new Log(name(connection, suffix), step + ".txt");
    }

    private static String name(Connection connection, String suffix) {
        String system = connection.toString().replaceAll("[^A-Za-z0-9._@-]+", "-");
        String cut = system.length() > LONGEST_NAME ? system.substring(0, LONGEST_NAME) : system;
        return cut + "." + suffix;
    }

    /**
     * Creates the directory for one preparation of a system, unless it exists. {@return the directory}
     *
     * @param connection the connection to the system
     * @param suffix distinguishes preparations of the same system
     */
    Path directoryOf(Connection connection, String suffix) throws IOException {
        return Files.createDirectories(directory().resolve(name(connection, suffix)));
    }

    private synchronized Path directory() throws IOException {
        if (chosen != null) {
            return chosen;
        }
        if (temporary == null) {
            temporary = Files.createTempDirectory("atex-set-up-logs");
            LOG.info(
                    "output of prepare and finish scripts is in {} (FmfOptions.withSetUpLogs sets the directory)",
                    temporary);
        }
        return temporary;
    }

    /**
     * The log of one step. If it cannot be written, a warning is logged, and the step continues. Not thread-safe,
     * except for {@link #file}.
     */
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

        /** {@return the file, or null if nothing was written yet} */
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
                LOG.warn("could not write the output of {} on {}: {}", name, system, e.toString());
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
                LOG.warn("the output of {} on {} may be incomplete: {}", name, system, e.toString());
            }
        }
    }
}

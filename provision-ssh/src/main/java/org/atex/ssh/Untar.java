package org.atex.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.attribute.FileTime;
import org.atex.support.RawFileName;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Unpacks a tar stream into a {@link LocalTree}. */
final class Untar {
    private static final Logger LOG = LoggerFactory.getLogger(Untar.class);

    /** The type flags of devices and named pipes. */
    private static final String OTHERS = "346";

    private final LocalTree tree;
    private final String single;

    /**
     * Creates an unpacker.
     *
     * @param tree the target
     * @param single the raw name in the archive of a single file that has no directory entry before it
     */
    Untar(LocalTree tree, String single) {
        this.tree = tree;
        this.single = "./" + single;
    }

    /** An error of a local file, as opposed to an error of the stream. */
    static final class LocalFileException extends IOException {
        private static final long serialVersionUID = 1L;
        private final IOException reason;

        LocalFileException(IOException reason) {
            super(reason);
            this.reason = reason;
        }

        IOException reason() {
            return reason;
        }
    }

    /**
     * Unpacks a stream.
     *
     * @throws LocalFileException if a local file cannot be written
     * @throws IOException if the stream breaks or is invalid
     */
    void read(InputStream stream) throws IOException {
        TarReader archive = new TarReader(stream);
        boolean any = false;
        for (TarReader.@Nullable Entry entry; (entry = archive.next()) != null; ) {
            any = true;
            try {
                unpack(entry);
            } catch (LocalTree.StreamException e) {
                throw e.reason();
            } catch (IOException e) {
                throw new LocalFileException(e);
            }
        }
        if (!any) {
            throw new IOException("the system sent nothing");
        }
    }

    private void unpack(TarReader.Entry entry) throws IOException {
        String name = entry.name().equals(single) && tree.isEmpty() ? "." : entry.name();
        FileTime time = entry.time();
        if (entry.isDirectory()) {
            tree.directory(name, entry.mode(), time);
        } else if (entry.isFile()) {
            tree.file(name, entry.mode(), time, entry.content());
        } else if (entry.type() == TarWriter.LINK) {
            tree.link(name, entry.link(), time);
        } else if (entry.type() == TarWriter.SECOND_NAME) {
            tree.hardLink(name, entry.link());
        } else if (OTHERS.indexOf(entry.type()) >= 0) {
            LOG.warn("not copied, as it is not a file, directory or link: {}", RawFileName.readable(entry.name()));
        } else {
            throw new IOException("the system sent an entry of the unknown type '" + entry.type() + "': "
                    + RawFileName.readable(entry.name()));
        }
    }
}

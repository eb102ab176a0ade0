package org.atex.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.attribute.FileTime;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Unpacks a tar stream into a {@link LocalTree}. */
final class Untar {
    private static final Logger LOG = LoggerFactory.getLogger(Untar.class);

    private final LocalTree tree;
    private final String single;

    /**
     * Makes one.
     *
     * @param tree where it goes
     * @param single what a single file, which has no directory before it, is called in the archive
     */
    Untar(LocalTree tree, String single) {
        this.tree = tree;
        this.single = "./" + single;
    }

    /** Something failed on this machine, not on the way. */
    static final class HereException extends IOException {
        private static final long serialVersionUID = 1L;
        private final IOException reason;

        HereException(IOException reason) {
            super(reason);
            this.reason = reason;
        }

        IOException reason() {
            return reason;
        }
    }

    /**
     * Unpacks.
     *
     * @throws HereException if it cannot be written here
     * @throws IOException if the stream breaks
     */
    void read(InputStream stream) throws IOException {
        TarArchiveInputStream archive = new TarArchiveInputStream(stream, "UTF-8");
        boolean any = false;
        for (@Nullable TarArchiveEntry entry; (entry = archive.getNextEntry()) != null; ) {
            any = true;
            try {
                unpack(archive, entry);
            } catch (LocalTree.StreamException e) {
                throw e.reason();
            } catch (IOException e) {
                throw new HereException(e);
            }
        }
        if (!any) {
            throw new IOException("the system sent nothing");
        }
    }

    private void unpack(TarArchiveInputStream archive, TarArchiveEntry entry) throws IOException {
        String name = entry.getName().equals(single) && tree.isEmpty() ? "." : entry.getName();
        FileTime time = entry.getLastModifiedTime();
        if (entry.isDirectory()) {
            tree.directory(name, entry.getMode(), time);
        } else if (entry.isSymbolicLink()) {
            tree.link(name, entry.getLinkName(), time);
        } else if (entry.isLink()) {
            tree.again(name, entry.getLinkName());
        } else if (entry.isFile() && !entry.isFIFO() && !entry.isCharacterDevice() && !entry.isBlockDevice()) {
            tree.file(name, entry.getMode(), time, archive);
        } else {
            LOG.warn("left out, as it is no file, directory or link: {}", entry.getName());
        }
    }
}

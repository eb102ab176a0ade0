package org.atex.reportportal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.atex.api.Artifacts;

/** Deletes directories. */
final class Trees {
    private Trees() {}

    /** Deletes a directory with everything in it, if it exists. */
    static void delete(Path directory) throws IOException {
        if (Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            Artifacts.at(directory).delete();
        }
    }
}

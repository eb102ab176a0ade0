package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Artifacts;

/** Writes the directory of a run that did not take place here: it appears in its directory when it is complete. */
final class NewRun {
    private NewRun() {}

    @FunctionalInterface
    interface Content {
        void write(Path directory) throws IOException;
    }

    /**
     * {@return the directory of the run}
     *
     * @throws IOException if the content cannot be written, or the run exists; nothing is left of it
     */
    static Path write(Path runs, String id, Content content) throws IOException {
        Path parent = Files.createDirectories(runs);
        Path target = parent.resolve(Spool.PREFIX + id);
        if (Files.exists(target)) {
            throw new IOException("the run exists in " + target + "; delete it, or choose another directory");
        }
        Path temporary = Files.createTempDirectory(parent, ".new-");
        try {
            Path run =
                    Files.createDirectory(temporary.resolve(Spool.PREFIX + id)); // not with the mode of temporary ones
            content.write(run);
            Files.move(run, target);
        } finally {
            Artifacts.at(temporary).delete();
        }
        return target;
    }
}

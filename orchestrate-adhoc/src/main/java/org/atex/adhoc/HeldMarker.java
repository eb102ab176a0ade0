package org.atex.adhoc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file by which a person frees a held system: it is freed when the file is deleted. */
final class HeldMarker {
    private static final Logger LOG = LoggerFactory.getLogger(HeldMarker.class);

    private HeldMarker() {}

    /** Creates the file in the temporary directory; its text says what it is for. */
    static Path create(OpenSystem system, Decision.HoldSystem hold) throws IOException {
        Path marker = Files.createTempFile("atex-held-", ".txt");
        Files.writeString(
                marker,
                "The system " + system.name() + " is held until " + hold.until() + ", because "
                        + hold.test().name() + " failed on it.\nDelete this file to free it.\n");
        return marker;
    }

    static void delete(OpenSystem system) {
        if (system.marker != null) {
            try {
                Files.deleteIfExists(system.marker);
            } catch (IOException e) {
                LOG.debug("could not delete {}", system.marker, e);
            }
            system.marker = null;
        }
    }
}

package org.atex.pytest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A project in a directory, to which tests add files. */
record Samples(Path directory) {
    Samples with(String file, String text) throws IOException {
        Path path = directory.resolve(file);
        Files.createDirectories(path.resolveSibling(""));
        Files.writeString(path, text);
        return this;
    }

    Samples withScript(String file, String text) throws IOException {
        with(file, "#!/bin/bash\n" + text);
        if (!directory.resolve(file).toFile().setExecutable(true)) {
            throw new IOException("could not make " + file + " executable");
        }
        return this;
    }

    PytestProject project() {
        return PytestProject.of(directory, "**");
    }
}

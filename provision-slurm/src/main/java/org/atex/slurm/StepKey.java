package org.atex.slurm;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.Objects;
import org.atex.support.ProcessIdentity;
import org.atex.support.SshKeyPair;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A key that exists for the time of one provisioner, for the login to its own steps. The directory is readable by the
 * user only. Thread-safe.
 */
final class StepKey implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StepKey.class);
    private static final String PREFIX = "atex-slurm-key-";

    private final Path file;
    private final String publicLine;

    private StepKey(Path file, String publicLine) {
        this.file = file;
        this.publicLine = publicLine;
    }

    /** {@return a new key} Removes the keys of programs of this machine that were killed. */
    static StepKey create() throws IOException {
        removeOrphans();
        SshKeyPair key = generate();
        Path directory = Files.createTempDirectory(
                PREFIX + ProcessIdentity.current() + "-",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path file = Files.createFile(
                directory.resolve("id"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, key.privateKey());
        return new StepKey(file, key.publicKey());
    }

    private static SshKeyPair generate() {
        try {
            return SshKeyPair.ecdsa();
        } catch (GeneralSecurityException e) {
            LOG.debug("this Java has no elliptic curves", e);
            return SshKeyPair.rsa();
        }
    }

    private static void removeOrphans() {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        try (DirectoryStream<Path> found = Files.newDirectoryStream(temporary, PREFIX + "*")) {
            for (Path directory : found) {
                String name = directory.getFileName().toString();
                // Between the prefix and what makes the name unique.
                String owner = name.substring(PREFIX.length(), Math.max(PREFIX.length(), name.lastIndexOf('-')));
                if (ProcessIdentity.hasEnded(owner)) {
                    remove(directory.resolve("id"));
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.debug("keys of killed programs may be left in {}", temporary, e);
        }
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
            Files.deleteIfExists(Objects.requireNonNull(file.getParent()));
        } catch (IOException e) {
            LOG.debug("{} may be left", file, e); // that of another user cannot be removed
        }
    }

    Path file() {
        return file;
    }

    /** {@return the line for the file of authorized keys} */
    String publicLine() {
        return publicLine;
    }

    @Override
    public void close() {
        remove(file);
    }
}

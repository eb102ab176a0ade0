package org.atex.slurm;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.interfaces.RSAPublicKey;
import java.util.Base64;
import java.util.Objects;
import org.atex.support.ProcessIdentity;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A key that exists for the time of one provisioner, for the login to its own steps. The directory is readable by the
 * user only. Thread-safe.
 */
final class StepKey implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StepKey.class);
    private static final String KIND = "ssh-rsa";
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
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(3072);
            KeyPair pair = generator.generateKeyPair();
            Path directory = Files.createTempDirectory(
                    PREFIX + ProcessIdentity.current() + "-",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Path file = Files.createFile(
                    directory.resolve("id"),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            String base64 = Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII))
                    .encodeToString(pair.getPrivate().getEncoded());
            Files.writeString(file, "-----BEGIN PRIVATE KEY-----\n" + base64 + "\n-----END PRIVATE KEY-----\n");
            return new StepKey(file, publicLine((RSAPublicKey) pair.getPublic()));
        } catch (NoSuchAlgorithmException e) {
            throw new IOException("this Java cannot make RSA keys", e);
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

    private static String publicLine(RSAPublicKey key) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        for (byte[] part : new byte[][] {
            KIND.getBytes(US_ASCII),
            key.getPublicExponent().toByteArray(),
            key.getModulus().toByteArray()
        }) {
            out.writeInt(part.length);
            out.write(part);
        }
        return KIND + " " + Base64.getEncoder().encodeToString(bytes.toByteArray());
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

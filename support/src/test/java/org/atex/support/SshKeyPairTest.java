package org.atex.support;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ssh-keygen} decides whether a key is well-formed. */
@Timeout(60)
class SshKeyPairTest {
    @TempDir
    Path directory;

    private void assertThatSshReads(SshKeyPair key) throws Exception {
        Path file = Files.createFile(
                directory.resolve("id"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, key.privateKey());
        Process process = new ProcessBuilder("ssh-keygen", "-y", "-f", file.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8).strip();

        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output).isEqualTo(key.publicKey());
    }

    @Test
    void rsaKey() throws Exception {
        assertThatSshReads(SshKeyPair.rsa());
    }

    /** Repeated, as a number of the key may begin with a zero or be taken for a negative one. */
    @RepeatedTest(20)
    void ecdsaKey() throws Exception {
        assertThatSshReads(SshKeyPair.ecdsa());
    }

    @Test
    void secretsAreNotPrinted() throws GeneralSecurityException {
        SshKeyPair key = SshKeyPair.ecdsa();

        assertThat(key).hasToString(key.publicKey());
    }
}

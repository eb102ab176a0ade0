package org.atex.testingfarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.atex.ssh.SshOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunKeyTest {
    @TempDir
    private Path directory;

    private void key(String name, String publicKey) throws Exception {
        Files.writeString(directory.resolve(name), "private");
        Files.writeString(directory.resolve(name + ".pub"), publicKey);
    }

    @Test
    void commentOfKeyIsReplaced() throws Exception {
        key("id", "ssh-ed25519 AAAA jane@home.example\n");
        RunKey key = RunKey.fromFile(directory.resolve("id"), SshOptions.defaults());
        assertThat(key.authorizedKeys()).containsExactly("ssh-ed25519 AAAA atex");
    }

    @Test
    void keysWithBothFilesAreFound() throws Exception {
        key("id_rsa", "ssh-rsa BBBB");
        key("id_ed25519", "ssh-ed25519 AAAA jane");
        Files.writeString(directory.resolve("id_ecdsa"), "private, and nothing else");
        assertThat(RunKey.fromDirectory(directory, SshOptions.defaults()).authorizedKeys())
                .containsExactly("ssh-ed25519 AAAA atex", "ssh-rsa BBBB atex");
    }

    @Test
    void missingKeyIsExplained() throws Exception {
        assertThatThrownBy(() -> RunKey.fromDirectory(directory, SshOptions.defaults()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(directory.toString())
                .hasMessageContaining("ssh-keygen");
        key("odd", "nonsense");
        assertThatThrownBy(() -> RunKey.fromFile(directory.resolve("odd"), SshOptions.defaults()))
                .hasMessageContaining("odd.pub is not a public key");
    }

    @Test
    void generatedKeyIsReadableByOwnerOnly() throws Exception {
        RunKey key = RunKey.generate(directory, SshOptions.defaults());
        assertThat(key.authorizedKeys()).singleElement().asString().matches("ssh-rsa AAAA\\S{300,} atex");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("id_rsa"))))
                .isEqualTo("rw-------");
    }
}

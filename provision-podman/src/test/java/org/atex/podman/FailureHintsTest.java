package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.atex.api.ConnectionLostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Maps error messages quoted from podman to remedies. */
class FailureHintsTest {
    @Test
    void lossOfTheHostHasNoRemedyForPodman() {
        RuntimeException refused = new ConnectionLostException("Connection refused", null);
        assertThat(FailureHints.hintFor(new HostLostException("a.example", refused)))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "cannot find UID/GID for user nobody: no subuid ranges found for user \"nobody\" in /etc/subuid|lines in /etc/subuid",
                "exec: \"newuidmap\": executable file not found in $PATH|install uidmap",
                "could not find slirp4netns: exec: \"slirp4netns\": executable file not found in $PATH|install slirp4netns",
                "/usr/bin/slirp4netns failed: \"open(\\\"/dev/net/tun\\\"): Permission denied|/dev/net/tun",
                "writing file: no space left on device|make room on the disk",
                "localhost/x: image not known|build or pull it first",
                "pinging container registry localhost: dial tcp 127.0.0.1:443: connect: connection refused|podman images"
            })
    void knownMessageGetsHint(String message, String hint) {
        assertThat(FailureHints.hintFor(new IOException(message))).contains(hint);
    }
}

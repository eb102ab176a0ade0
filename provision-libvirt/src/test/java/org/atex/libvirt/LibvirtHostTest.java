package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import org.atex.local.LocalConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class LibvirtHostTest {
    @Test
    void processIsSearchedWhileOthersEnd() throws Exception {
        try (LocalConnection connection = LocalConnection.open()) {
            LibvirtHost host = new LibvirtHost(connection, GuestTemplate.image("/none"));

            // Processes end between the listing of /proc and the reading of their files.
            String found = host.run("search a process", """
                    set -e -o pipefail
                    trap 'kill $storm' EXIT
                    while :; do /bin/true; done &
                    storm=$!
                    for ((i = 0; i < 100; i++)); do process none | head -n 1; done
                    """);

            assertThat(found).isEmpty();
        }
    }
}

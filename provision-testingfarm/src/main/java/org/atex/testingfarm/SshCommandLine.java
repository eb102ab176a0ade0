package org.atex.testingfarm;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.atex.ssh.Host;
import org.atex.support.CommandScript;

/** Builds an ssh command that connects to a guest with the key and the host key of the run. */
final class SshCommandLine {
    private SshCommandLine() {}

    static String to(Host host, List<Path> privateKeys, Path knownHosts) {
        List<String> words = new ArrayList<>(List.of("ssh", "-o", "IdentitiesOnly=yes"));
        for (Path key : privateKeys) {
            words.addAll(List.of("-i", key.toString()));
        }
        words.addAll(List.of("-o", "UserKnownHostsFile=" + knownHosts));
        if (host.port() != 0) {
            words.addAll(List.of("-p", String.valueOf(host.port())));
        }
        if (host.jumpHost() != null) {
            words.addAll(List.of("-J", host.jumpHost()));
        }
        words.add((host.user() == null ? "" : host.user() + "@") + host.address());
        return CommandScript.commandLine(words);
    }
}

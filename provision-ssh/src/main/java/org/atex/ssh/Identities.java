package org.atex.ssh;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The keys with which one user logs in. Immutable.
 *
 * @param files of private keys, or of public ones whose private ones an agent has
 * @param certificates files of certificates that belong to any of the keys; if there are none, they lie beside the keys
 * @param agent the socket of an agent, or null
 * @param isIdentitiesOnly whether those keys of the agent that no file names are left alone
 * @param isExplicit whether the program named the files: then each must be usable, and they are tried before the agent's
 */
record Identities(
        List<SshOptions.Key> files,
        List<Path> certificates,
        @Nullable Path agent,
        boolean isIdentitiesOnly,
        boolean isExplicit) {
    /** These are tried if nobody names one; that they are missing is no news. */
    private static final Set<String> USUAL =
            Set.of("id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "id_xmss", "id_dsa");

    private static final List<String> TRIED = List.of("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa");

    Identities {
        files = List.copyOf(files);
        certificates = List.copyOf(certificates);
    }

    static Identities of(SshOptions options, ClientConfig config, ConfigTokens tokens) {
        Path agent = agent(options, config, tokens);
        List<Path> certificates =
                config.values("certificatefile").stream().map(tokens::path).toList();
        if (!options.keys().isEmpty()) {
            return new Identities(options.keys(), List.of(), agent, config.isYes("identitiesonly"), true);
        }
        List<String> named = config.values("identityfile");
        List<SshOptions.Key> files = (named.isEmpty() ? TRIED : named)
                .stream()
                        .filter(name -> !name.equalsIgnoreCase("none"))
                        .map(name -> new SshOptions.Key(tokens.path(name), null))
                        .toList();
        return new Identities(files, certificates, agent, config.isYes("identitiesonly"), false);
    }

    private static @Nullable Path agent(SshOptions options, ClientConfig config, ConfigTokens tokens) {
        if (options.agent() != null || options.isWithoutAgent()) {
            return options.agent();
        }
        String configured = config.value("identityagent");
        if (configured == null || configured.equals("SSH_AUTH_SOCK")) {
            configured = "$SSH_AUTH_SOCK";
        }
        if (configured.equalsIgnoreCase("none")) {
            return null;
        }
        if (configured.matches("\\$\\w+")) {
            String set = System.getenv(configured.substring(1));
            return set == null || set.isEmpty() ? null : Path.of(set);
        }
        return tokens.path(configured);
    }

    /** {@return whether it is one of those that are tried unless others are named} */
    static boolean isUsual(Path file) {
        Path parent = file.getParent();
        return parent != null && parent.endsWith(".ssh") && USUAL.contains(String.valueOf(file.getFileName()));
    }
}

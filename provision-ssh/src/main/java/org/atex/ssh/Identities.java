package org.atex.ssh;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The keys to log in with. Immutable.
 *
 * @param files the files of private keys, or of public keys if the agent has the private keys
 * @param certificates the files of certificates for these keys; if empty, a certificate is looked for beside each key
 * @param agent the socket of the ssh agent, or null
 * @param isIdentitiesOnly the value of {@code IdentitiesOnly}: of the agent's keys only those that a file names are
 *     tried
 * @param isExplicit whether the options name the files; then each file must be usable, and they are tried before the
 *     keys of the agent
 */
record Identities(
        List<SshOptions.Key> files,
        List<Path> certificates,
        @Nullable Path agent,
        boolean isIdentitiesOnly,
        boolean isExplicit) {
    /** The names of OpenSSH's default keys. A default key that does not exist is not reported. */
    private static final Set<String> DEFAULT_NAMES =
            Set.of("id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "id_xmss", "id_dsa");

    /** The default keys that are tried, in this order. */
    private static final List<String> DEFAULT_FILES = List.of("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa");

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
        List<SshOptions.Key> files = (named.isEmpty() ? DEFAULT_FILES : named)
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
        // ssh_config(5): a value that begins with $ is the name of a variable that contains the path.
        if (configured.matches("\\$\\w+")) {
            String set = System.getenv(configured.substring(1));
            return set == null || set.isEmpty() ? null : Path.of(set);
        }
        return tokens.path(configured);
    }

    /** {@return whether a file is one of OpenSSH's default keys} */
    static boolean isDefault(Path file) {
        Path parent = file.getParent();
        return parent != null && parent.endsWith(".ssh") && DEFAULT_NAMES.contains(String.valueOf(file.getFileName()));
    }
}

package org.atex.ssh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import net.schmizz.sshj.SSHClient;
import net.schmizz.sshj.common.KeyType;
import net.schmizz.sshj.userauth.keyprovider.KeyProvider;
import net.schmizz.sshj.userauth.method.AuthMethod;
import net.schmizz.sshj.userauth.method.AuthPublickey;
import org.jspecify.annotations.Nullable;

/**
 * Collects the keys of one login in the order in which OpenSSH's client tries them. A server may allow only a few
 * attempts, so the order decides whether the right key is among them.
 *
 * <p>The order is: certificates that are configured, configured keys that the agent has, the other keys of the agent,
 * and key files. Keys that the program sets by {@link SshOptions#withKey} come before those of the agent. A certificate
 * is tried before its plain key.
 */
final class KeyRing {
    private final Route route;
    private final SSHClient client;
    private final List<String> absent;
    private final List<byte[]> agentKeys = new ArrayList<>();
    private final List<Identity> identities = new ArrayList<>();
    /** Identities that are already among the attempts and must not be tried again. */
    private final Set<Identity> added = new LinkedHashSet<>();

    private @Nullable AgentClient agent;

    /**
     * A configured key.
     *
     * @param file the file with the private or the public key
     * @param passphrase the passphrase, or null
     * @param key the public key, or null if it cannot be read from the file or from the {@code .pub} file
     * @param certificate the certificate in the file {@code …-cert.pub}, or null
     */
    private record Identity(
            Path file,
            @Nullable Supplier<char[]> passphrase,
            @Nullable PublicKey key,
            @Nullable PublicKey certificate) {
        boolean isOf(byte[] blob) {
            return key != null && Arrays.equals(PublicKeys.blob(key), blob)
                    || certificate != null && Arrays.equals(PublicKeys.blob(certificate), blob);
        }
    }

    /**
     * Creates an empty collection.
     *
     * @param absent receives a text for each key that cannot be tried, for the message of a refused login
     */
    KeyRing(Route route, SSHClient client, List<String> absent) {
        this.route = route;
        this.client = client;
        this.absent = absent;
    }

    /**
     * Passes all attempts to a consumer, in order.
     *
     * @param attempts receives a description and an authentication method for each attempt
     * @throws SshRefusedException if a key set by the program cannot be used
     */
    void addTo(BiConsumer<String, AuthMethod> attempts) {
        Identities wanted = route.identities();
        wanted.files().forEach(key -> identities.add(identity(key)));
        readAgentKeys(wanted.agent());
        wanted.certificates().forEach(file -> addCertificate(file, attempts));
        // isExplicit: the program set the keys by SshOptions.withKey, so they come before those of the agent.
        if (wanted.isExplicit()) {
            identities.forEach(identity -> addFile(identity, attempts));
        }
        addAgentKeys(true, attempts);
        if (!wanted.isIdentitiesOnly()) {
            addAgentKeys(false, attempts);
        }
        if (!wanted.isExplicit()) {
            identities.forEach(identity -> addFile(identity, attempts));
        }
    }

    private Identity identity(SshOptions.Key key) {
        PublicKey found = PublicKeys.of(key.file());
        boolean beside = route.identities().certificates().isEmpty();
        return new Identity(
                key.file(),
                key.passphrase(),
                found == null ? null : PublicKeys.plain(found),
                beside ? PublicKeys.certificate(Path.of(key.file() + "-cert.pub")) : null);
    }

    private void readAgentKeys(@Nullable Path socket) {
        if (socket == null) {
            return;
        }
        AgentClient asked = new AgentClient(socket);
        try {
            agentKeys.addAll(asked.keys());
            agent = asked;
            if (agentKeys.isEmpty()) {
                absent.add("no key of the agent, as the agent has none");
            }
        } catch (IOException e) {
            absent.add("no agent (" + e.getMessage() + ")");
        }
    }

    /** Adds a certificate with its private key, which is in the agent or in one of the key files. */
    private void addCertificate(Path file, BiConsumer<String, AuthMethod> attempts) {
        PublicKey certificate = PublicKeys.certificate(file);
        if (certificate == null) {
            absent.add("no certificate " + file + ", which is "
                    + (Files.exists(file) ? "not a user certificate" : "not there"));
            return;
        }
        byte[] plain = PublicKeys.blob(PublicKeys.plain(certificate));
        byte[] whole = PublicKeys.blob(certificate);
        // The agent comes first: it may hold the key of an encrypted file.
        AgentClient signer = agent;
        for (byte[] key : agentKeys) {
            if (signer != null && (Arrays.equals(key, whole) || Arrays.equals(key, plain))) {
                attempts.accept("the certificate " + file, new AgentKey(signer, whole, key));
                return;
            }
        }
        for (Identity identity : identities) {
            KeyProvider provider = identity.isOf(plain) ? load(identity) : null;
            if (provider != null) {
                attempts.accept("the certificate " + file, method(provider, certificate));
                return;
            }
        }
        absent.add("no private key for the certificate " + file);
    }

    /** Adds keys of the agent: those that are configured if {@code named}, otherwise the others. */
    private void addAgentKeys(boolean named, BiConsumer<String, AuthMethod> attempts) {
        AgentClient signer = agent;
        for (int i = 0; signer != null && i < agentKeys.size(); i++) {
            byte[] key = agentKeys.get(i);
            List<Identity> owners =
                    identities.stream().filter(one -> one.isOf(key)).toList();
            if (owners.isEmpty() == named || owners.stream().anyMatch(added::contains)) {
                continue;
            }
            for (Identity owner : owners) {
                added.add(owner);
                if (owner.certificate() != null) {
                    attempts.accept(
                            "the certificate of " + owner.file(),
                            new AgentKey(signer, PublicKeys.blob(owner.certificate()), key));
                }
            }
            attempts.accept(
                    "key " + (i + 1) + " of " + agentKeys.size() + " of the agent", new AgentKey(signer, key, key));
        }
    }

    private void addFile(Identity identity, BiConsumer<String, AuthMethod> attempts) {
        if (added.contains(identity)) {
            return;
        }
        KeyProvider provider = load(identity);
        if (provider == null) {
            return;
        }
        added.add(identity);
        try {
            if (identity.certificate() != null) {
                attempts.accept("the certificate of " + identity.file(), method(provider, identity.certificate()));
            }
            attempts.accept("the key " + identity.file(), method(provider, PublicKeys.plain(provider.getPublic())));
        } catch (IOException e) {
            absent.add("no key " + identity.file() + " (" + e.getMessage() + ")");
        }
    }

    /** {@return the private key of a file, or null if it cannot be used; the reason is added to {@code absent}} */
    private @Nullable KeyProvider load(Identity identity) {
        boolean explicit = route.identities().isExplicit();
        Path file = identity.file();
        try {
            if (!Files.isReadable(file)) {
                // The default files of OpenSSH need not exist: a missing one is not worth a message.
                if (!explicit && Identities.isDefault(file) && !Files.exists(file)) {
                    return null;
                }
                throw new NoSuchFileException(file.toString(), null, "not there, or not readable");
            }
            if (PublicKeys.in(file) != null) {
                // addAgentKeys has added it.
                if (explicit && agentHas(identity)) {
                    return null;
                }
                throw new IOException(file + " is a public key, and no agent has its private one");
            }
            Supplier<char[]> passphrase = identity.passphrase();
            KeyProvider provider = passphrase == null
                    ? client.loadKeys(file.toString())
                    : client.loadKeys(file.toString(), new Login.SingleAnswer(passphrase));
            // sshj reads the file lazily. Reading it here finds a damaged file or a wrong passphrase before the login.
            provider.getPublic();
            provider.getPrivate();
            return provider;
        } catch (IOException | RuntimeException e) { // sshj throws both for damaged files
            String hint = identity.passphrase() != null
                    ? " (is its passphrase correct?)"
                    : " (is it encrypted? then give its passphrase by SshOptions.withKey, or add it to an agent)";
            if (explicit) {
                throw new SshRefusedException(
                        "cannot use the private key " + file + " for " + route + ": " + e.getMessage() + hint, e);
            }
            absent.add("no key " + file + ": " + e.getMessage() + hint);
            return null;
        }
    }

    private boolean agentHas(Identity identity) {
        return agentKeys.stream().anyMatch(identity::isOf);
    }

    private static AuthMethod method(KeyProvider provider, PublicKey publicForm) {
        return new AuthPublickey(new KeyPair(provider, publicForm));
    }

    /**
     * A private key together with the public form that the host is shown: the plain key or a certificate.
     *
     * @param keys the source of the private key
     * @param key the public key or the certificate
     */
    private record KeyPair(KeyProvider keys, PublicKey key) implements KeyProvider {
        @Override
        public PrivateKey getPrivate() throws IOException {
            return keys.getPrivate();
        }

        @Override
        public PublicKey getPublic() {
            return key;
        }

        @Override
        public KeyType getType() {
            return KeyType.fromKey(key);
        }
    }
}

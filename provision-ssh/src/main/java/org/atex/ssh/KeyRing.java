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
 * Puts the keys of one login into the order in which they are tried. It is that of OpenSSH's client, so that a server which
 * allows few attempts sees the same ones: certificates that are named, keys of the agent that are named, the agent's others,
 * and files. Keys that the program itself names come before those of the agent. A certificate is tried before its plain key.
 */
final class KeyRing {
    private final Route route;
    private final SSHClient client;
    private final List<String> absent;
    private final List<byte[]> agentKeys = new ArrayList<>();
    private final List<Identity> identities = new ArrayList<>();
    private final Set<Identity> served = new LinkedHashSet<>();
    private @Nullable AgentClient agent;

    /**
     * A file that names a key.
     *
     * @param file the file
     * @param passphrase its passphrase, or null
     * @param key the public key, or null if the file does not show it
     * @param certificate the certificate beside it, or null
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
     * Makes one.
     *
     * @param absent takes what there is to say of keys that cannot be tried
     */
    KeyRing(Route route, SSHClient client, List<String> absent) {
        this.route = route;
        this.client = client;
        this.absent = absent;
    }

    /**
     * Hands on all attempts.
     *
     * @throws SshRefusedException if a key that the program named cannot be used
     */
    void addTo(BiConsumer<String, AuthMethod> attempts) {
        Identities wanted = route.identities();
        wanted.files().forEach(key -> identities.add(identity(key)));
        askAgent(wanted.agent());
        wanted.certificates().forEach(file -> addCertificate(file, attempts));
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

    private void askAgent(@Nullable Path socket) {
        if (socket == null) {
            return;
        }
        AgentClient asked = new AgentClient(socket);
        try {
            agentKeys.addAll(asked.keys());
            agent = asked;
            if (agentKeys.isEmpty()) {
                absent.add("no key of the agent, as it has none");
            }
        } catch (IOException e) {
            absent.add("no agent (" + e.getMessage() + ")");
        }
    }

    /** Its private key is in the agent, or in one of the files. */
    private void addCertificate(Path file, BiConsumer<String, AuthMethod> attempts) {
        PublicKey certificate = PublicKeys.certificate(file);
        if (certificate == null) {
            absent.add(
                    "no certificate " + file + ", which is " + (Files.exists(file) ? "none of a user" : "not there"));
            return;
        }
        byte[] plain = PublicKeys.blob(PublicKeys.plain(certificate));
        byte[] whole = PublicKeys.blob(certificate);
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

    private void addAgentKeys(boolean named, BiConsumer<String, AuthMethod> attempts) {
        AgentClient signer = agent;
        for (int i = 0; signer != null && i < agentKeys.size(); i++) {
            byte[] key = agentKeys.get(i);
            List<Identity> owners =
                    identities.stream().filter(one -> one.isOf(key)).toList();
            if (owners.isEmpty() == named || owners.stream().anyMatch(served::contains)) {
                continue;
            }
            for (Identity owner : owners) {
                served.add(owner);
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
        if (served.contains(identity)) {
            return;
        }
        KeyProvider provider = load(identity);
        if (provider == null) {
            return;
        }
        served.add(identity);
        try {
            if (identity.certificate() != null) {
                attempts.accept("the certificate of " + identity.file(), method(provider, identity.certificate()));
            }
            attempts.accept("the key " + identity.file(), method(provider, PublicKeys.plain(provider.getPublic())));
        } catch (IOException e) {
            absent.add("no key " + identity.file() + " (" + e.getMessage() + ")");
        }
    }

    /** {@return the private key of a file, or null if it is of no use, which is told} */
    private @Nullable KeyProvider load(Identity identity) {
        boolean insisted = route.identities().isExplicit();
        Path file = identity.file();
        try {
            if (!Files.isReadable(file)) {
                if (!insisted && Identities.isDefault(file) && !Files.exists(file)) {
                    return null;
                }
                throw new NoSuchFileException(file.toString(), null, "not there, or not readable");
            }
            if (PublicKeys.in(file) != null) {
                if (insisted && agentHas(identity)) {
                    return null;
                }
                throw new IOException(file + " is a public key, and no agent has its private one");
            }
            Supplier<char[]> passphrase = identity.passphrase();
            KeyProvider provider = passphrase == null
                    ? client.loadKeys(file.toString())
                    : client.loadKeys(file.toString(), new Login.Once(passphrase));
            provider.getPublic(); // a file that is no key, or a passphrase that is wrong, is to be found here
            provider.getPrivate();
            return provider;
        } catch (IOException | RuntimeException e) { // sshj throws either at a file that is damaged
            String hint = identity.passphrase() != null
                    ? " (is this its passphrase?)"
                    : " (is it encrypted? then give its passphrase by SshOptions.withKey, or add it to an agent)";
            if (insisted) {
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

    private static AuthMethod method(KeyProvider provider, PublicKey shown) {
        return new AuthPublickey(new Shown(provider, shown));
    }

    /**
     * A private key that goes with one of its public forms.
     *
     * @param keys has the private key
     * @param key what the host is shown
     */
    private record Shown(KeyProvider keys, PublicKey key) implements KeyProvider {
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

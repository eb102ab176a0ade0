package org.atex.ssh;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.hierynomus.sshj.key.KeyAlgorithm;
import com.hierynomus.sshj.userauth.certificate.Certificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.schmizz.sshj.common.Buffer;
import net.schmizz.sshj.common.Factory;
import net.schmizz.sshj.common.KeyType;
import net.schmizz.sshj.common.SSHRuntimeException;
import net.schmizz.sshj.common.SecurityUtils;
import net.schmizz.sshj.transport.verification.HostKeyVerifier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides of the key of one host as OpenSSH's client does, and remembers why it refused one. One is used for all attempts
 * to reach the host at that moment: where a single key is expected, each attempt asks the host for another kind of key.
 *
 * <p>Thread safety: asked by one thread at a time; what it remembers is for any.
 */
final class HostKeyCheck implements HostKeyVerifier {
    private static final Logger LOG = LoggerFactory.getLogger(HostKeyCheck.class);

    /** Of a certificate (PROTOCOL.certkeys of OpenSSH). */
    private static final long HOST_CERTIFICATE = 2;

    /** With these, authorities sign. SHA-1 is not among them. */
    private static final Set<String> SIGNATURES = Set.of(
            "ssh-ed25519",
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp384",
            "ecdsa-sha2-nistp521",
            "rsa-sha2-512",
            "rsa-sha2-256");

    private enum Status {
        KNOWN,
        NEW,
        CHANGED,
        REVOKED
    }

    private final HostKeys policy;
    private final Set<String> algorithms;
    private final String host;
    private final int port;

    /** By which it is known. */
    private final String name;

    private final @Nullable String alias;
    private final StrictHostKeyChecking strictness;
    private final List<Path> files;
    private final @Nullable Path learning;
    private final boolean needsNoKey;
    private final List<KnownHost> lines = new ArrayList<>();
    private final Set<KeyType> excluded = EnumSet.noneOf(KeyType.class);

    private volatile byte @Nullable [] accepted;
    private volatile @Nullable KeyType refused;
    private volatile @Nullable String refusal;
    private volatile @Nullable String fault;
    private volatile boolean changed;

    /**
     * Makes one.
     *
     * @param policy what is accepted
     * @param algorithms names of the algorithms that the key may have, or an empty set for all
     * @param host where the host is
     * @param port the port of its sshd
     * @throws SshRefusedException if a file of known hosts cannot be read
     */
    HostKeyCheck(HostKeys policy, Set<String> algorithms, String host, int port) {
        this.policy = policy;
        this.algorithms = algorithms;
        this.host = host.toLowerCase(Locale.ROOT);
        this.port = port;
        ConfiguredHostKeys rules = switch (policy) {
            case ConfiguredHostKeys configured -> configured;
            case HostKeys.Known known -> new ConfiguredHostKeys(known.files(), List.of(), StrictHostKeyChecking.YES, null, false);
            case HostKeys.AcceptNew accepting ->
                new ConfiguredHostKeys(
                        List.of(accepting.file()), ConfiguredHostKeys.GLOBAL_FILES, StrictHostKeyChecking.ACCEPT_NEW, null, false);
            case HostKeys.Pinned pinned -> new ConfiguredHostKeys(List.of(), List.of(), StrictHostKeyChecking.YES, null, false);
            case HostKeys.AcceptAny any -> new ConfiguredHostKeys(List.of(), List.of(), StrictHostKeyChecking.NO, null, false);
        };
        this.alias = rules.alias() == null ? null : rules.alias().toLowerCase(Locale.ROOT);
        this.name = alias != null ? alias : port == 22 ? this.host : "[" + this.host + "]:" + port;
        this.strictness = rules.strictness();
        this.files =
                Stream.concat(rules.user().stream(), rules.global().stream()).toList();
        this.learning = rules.user().isEmpty() ? null : rules.user().get(0);
        this.needsNoKey = rules.isLoopbackTrusted() && alias == null && isLoopback();
        files.forEach(file -> read(file, line -> true));
        if (policy instanceof HostKeys.Known) {
            ConfiguredHostKeys.GLOBAL_FILES.stream()
                    .filter(file -> !files.contains(file))
                    .forEach(file -> read(file, KnownHost::isRevoked));
        }
    }

    private boolean isLoopback() {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private void read(Path file, Predicate<KnownHost> wanted) {
        if (!Files.exists(file)) {
            return;
        }
        try {
            Files.readAllLines(file, ISO_8859_1).stream()
                    .map(KnownHost::of)
                    .filter(Objects::nonNull)
                    .filter(line -> line.isOf(name) || alias == null && line.isOf(host))
                    .filter(wanted)
                    .forEach(lines::add);
        } catch (IOException e) {
            throw new SshRefusedException("cannot read the known hosts in " + file + ": " + e.getMessage(), e);
        }
    }

    /** {@return why the key was refused, or null if it was not} */
    @Nullable
    String refusal() {
        return refusal;
    }

    /** {@return whether the host is not the one that is known, and is let pass even so: it is to learn no secret} */
    boolean isChanged() {
        return changed;
    }

    /** {@return whether the host may have a key of another kind, for which it is to be asked next} */
    boolean hasAnother() {
        return refused != null && excluded.add(KeyKinds.plain(refused));
    }

    /** {@return the algorithms that its key may have} */
    List<Factory.Named<KeyAlgorithm>> algorithms() {
        return KeyKinds.of(algorithms, excluded);
    }

    /** Asks for a kind of key that we know, unless the host is known by the one that is the best. */
    @Override
    public List<String> findExistingAlgorithms(String address, int unused) {
        List<KnownHost> here = at(name);
        List<Factory.Named<KeyAlgorithm>> all = algorithms();
        if (all.isEmpty() || isKnownKind(here, all.get(0))) {
            return List.of();
        }
        boolean authority = here.stream().anyMatch(KnownHost::isAuthority);
        return all.stream()
                .filter(algorithm -> authority && KeyKinds.isCertificate(algorithm) || isKnownKind(here, algorithm))
                .map(Factory.Named::getName)
                .toList();
    }

    private static boolean isKnownKind(List<KnownHost> lines, Factory.Named<KeyAlgorithm> algorithm) {
        String type = KeyKinds.plain(algorithm).toString();
        return lines.stream()
                .anyMatch(line -> line.marker().isEmpty() && line.type().equals(type));
    }

    private List<KnownHost> at(String place) {
        return lines.stream().filter(line -> line.isOf(place)).toList();
    }

    @Override
    public boolean verify(String address, int unused, PublicKey key) {
        byte[] blob = PublicKeys.blob(key);
        if (Arrays.equals(accepted, blob)) {
            return true; // keys are exchanged anew, by the same host
        }
        fault = null;
        boolean isGood = switch (policy) {
            case HostKeys.Pinned pinned -> isPinned(PublicKeys.plain(key), pinned.fingerprint());
            case HostKeys.AcceptAny any -> true;
            default -> needsNoKey || isAccepted(key);
        };
        accepted = isGood ? blob : null;
        refused = isGood ? null : KeyType.fromKey(key);
        return isGood;
    }

    private boolean isAccepted(PublicKey key) {
        Status status = status(key);
        if (status != Status.KNOWN && status != Status.REVOKED && key instanceof Certificate<?>) {
            status = status(PublicKeys.plain(key));
        }
        return switch (status) {
            case KNOWN -> true;
            case REVOKED -> {
                refusal = "its host key, " + KeyType.fromKey(key) + " " + fingerprint(PublicKeys.plain(key))
                        + ", or the authority that vouches for it, was revoked by a line of the known hosts: it is not to be"
                        + " trusted any more. The host needs a new one";
                yield false;
            }
            case NEW -> strictness == StrictHostKeyChecking.YES ? refuse(PublicKeys.plain(key)) : learn(PublicKeys.plain(key));
            case CHANGED ->
                strictness == StrictHostKeyChecking.NO ? letPass(PublicKeys.plain(key)) : refuse(PublicKeys.plain(key));
        };
    }

    /** As OpenSSH does, a host at a port of its own may also be known without that port. */
    private Status status(PublicKey key) {
        Status status = status(key, at(name));
        if (status != Status.NEW || alias != null || port == 22) {
            return status;
        }
        Status without = status(key, at(host));
        if (without == Status.KNOWN || status(PublicKeys.plain(key), at(host)) == Status.KNOWN) {
            return Status.KNOWN;
        }
        return without == Status.REVOKED && !(key instanceof Certificate<?>) ? Status.REVOKED : Status.NEW;
    }

    private Status status(PublicKey key, List<KnownHost> here) {
        byte[] blob = PublicKeys.blob(PublicKeys.plain(key));
        byte[] authority = key instanceof Certificate<?> certificate ? certificate.getSignatureKey() : null;
        if (here.stream()
                .anyMatch(line ->
                        line.isRevoked() && (line.hasKey(blob) || authority != null && line.hasKey(authority)))) {
            return Status.REVOKED;
        }
        byte[] wanted = authority != null ? authority : blob;
        List<KnownHost> candidates = here.stream()
                .filter(line -> !line.isRevoked() && line.isAuthority() == (authority != null))
                .toList();
        if (candidates.stream().noneMatch(line -> line.hasKey(wanted))) {
            return candidates.isEmpty() ? Status.NEW : Status.CHANGED;
        }
        if (key instanceof Certificate<?> certificate) {
            fault = faultOf(certificate);
            return fault == null ? Status.KNOWN : Status.CHANGED;
        }
        return Status.KNOWN;
    }

    /** {@return why a certificate does not vouch for the host, or null if it does} */
    private @Nullable String faultOf(Certificate<?> certificate) {
        try {
            String signature = new Buffer.PlainBuffer(certificate.getSignature()).readString();
            if (certificate.getType() != HOST_CERTIFICATE) {
                return "it is a certificate of a user and not of a host";
            }
            if (!certificate.getCritOptions().isEmpty()) {
                return "it has critical options, "
                        + certificate.getCritOptions().keySet() + ", which no host certificate has";
            }
            if (!SIGNATURES.contains(signature)) {
                return "its authority signed it by " + signature;
            }
            String principal = alias != null ? alias : host;
            List<String> principals = certificate.getValidPrincipals();
            if (!principals.isEmpty() && !principals.contains(principal)) { // sshj takes them for patterns
                return "it is for " + principals + " and not for " + principal;
            }
            return KeyType.CertUtils.verifyHostCertificate(PublicKeys.blob(certificate), certificate, principal);
        } catch (Buffer.BufferException | SSHRuntimeException e) {
            return "it is damaged: " + e.getMessage();
        }
    }

    private boolean letPass(PublicKey key) {
        LOG.warn(
                "{} has another key than the one that is known, {}; it is let pass without a password, as"
                        + " StrictHostKeyChecking is off",
                name,
                fingerprint(key));
        changed = true;
        return true;
    }

    private boolean learn(PublicKey key) {
        Path file = learning;
        if (file == null) {
            return refuse(key);
        }
        try {
            Path parent = file.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            // One write of one line: others may be learning from hosts of theirs at the same time.
            String line = (endsInLine(file) ? "\n" : "") + line(key) + "\n";
            Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            return true;
        } catch (IOException e) {
            if (strictness == StrictHostKeyChecking.NO) {
                LOG.warn("the key of {} could not be added to {}: {}", name, file, e.toString());
                return true;
            }
            refusal = "its key " + fingerprint(key) + " is new, and could not be added to " + file + ": " + e;
            return false;
        }
    }

    private static boolean endsInLine(Path file) throws IOException {
        return Files.isRegularFile(file) && !Files.readString(file, ISO_8859_1).matches("(?s)(.*\n)?");
    }

    private boolean isPinned(PublicKey key, String fingerprint) {
        boolean same = fingerprint.startsWith("SHA256:")
                ? fingerprint(key).equals(fingerprint.replaceFirst("=$", ""))
                : SecurityUtils.getFingerprint(key).equals(fingerprint.replaceFirst("^MD5:", ""));
        if (!same && refusal == null) {
            refuse(key, "the key pinned, " + fingerprint);
        }
        return same;
    }

    /** {@return false} */
    private boolean refuse(PublicKey key) {
        List<KnownHost> here = at(name);
        String keys = here.stream()
                .filter(line -> !line.isRevoked())
                .map(KnownHost::described)
                .collect(Collectors.joining(", "));
        return refuse(
                key,
                (keys.isEmpty()
                                ? "a key for " + name + ", of which there is none,"
                                : "the key " + keys + " for " + name)
                        + " in " + files.stream().map(Path::toString).collect(Collectors.joining(", ")));
    }

    private boolean refuse(PublicKey key, String expected) {
        String certificate = fault == null ? "" : " (its certificate is of no use: " + fault + ")";
        refusal = "its host key was not accepted: expected " + expected + "; it came with " + KeyType.fromKey(key) + " "
                + fingerprint(key) + certificate + ". If that is the host's, which its owner can say (ssh-keygen -lf"
                + " /etc/ssh/ssh_host_…_key.pub), put this line in place of any other of that host: '"
                + line(key) + "', or use HostKeys.pinned(\"" + fingerprint(key) + "\")";
        return false;
    }

    private String line(PublicKey key) {
        return name + " " + KeyType.fromKey(key) + " " + Base64.getEncoder().encodeToString(PublicKeys.blob(key));
    }

    /** {@return a key's fingerprint as OpenSSH shows it} */
    static String fingerprint(PublicKey key) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(PublicKeys.blob(key));
            return "SHA256:" + Base64.getEncoder().withoutPadding().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }
}

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
 * The check of the key of one host, by the rules of OpenSSH's client. It keeps the reason for a refusal. One check
 * serves all connections of an attempt: to find a pinned key, each connection asks the host for a key of another type.
 *
 * <p>Thread safety: one thread at a time verifies; the results may be read from any thread.
 */
final class HostKeyCheck implements HostKeyVerifier {
    private static final Logger LOG = LoggerFactory.getLogger(HostKeyCheck.class);

    /** The certificate type {@code SSH_CERT_TYPE_HOST} (PROTOCOL.certkeys of OpenSSH). */
    private static final long HOST_CERTIFICATE = 2;

    /** The accepted signature algorithms of certificate authorities; OpenSSH accepts none with SHA-1 either. */
    private static final Set<String> SIGNATURE_ALGORITHMS = Set.of(
            "ssh-ed25519",
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp384",
            "ecdsa-sha2-nistp521",
            "rsa-sha2-512",
            "rsa-sha2-256");

    /** The result of looking for a key among the known-hosts lines of a name. */
    private enum Status {
        KNOWN,
        /** There is no line for the host. */
        NEW,
        /** There are lines for the host, but none with this key. */
        CHANGED,
        REVOKED
    }

    private final HostKeys policy;
    private final Set<String> algorithms;
    private final String host;
    private final int port;

    /** The name in known-hosts files: the alias, the host, or {@code [host]:port}. */
    private final String name;

    private final @Nullable String alias;
    private final StrictHostKeyChecking strictness;
    private final List<Path> files;
    private final @Nullable Path userFile;
    private final boolean isExempt;
    private final List<KnownHost> lines = new ArrayList<>();
    private final Set<KeyType> excludedTypes = EnumSet.noneOf(KeyType.class);

    private volatile byte @Nullable [] acceptedKey;
    private volatile @Nullable KeyType refusedType;
    private volatile @Nullable String refusal;
    private volatile @Nullable String certificateProblem;
    private volatile boolean changed;

    /**
     * Creates a check, and reads the known-hosts lines of the host.
     *
     * @param policy the policy
     * @param algorithms the names of the accepted key algorithms, or an empty set for all
     * @param host the host name or address
     * @param port the port of the ssh server
     * @throws SshRefusedException if a known-hosts file cannot be read
     */
    HostKeyCheck(HostKeys policy, Set<String> algorithms, String host, int port) {
        this.policy = policy;
        this.algorithms = algorithms;
        this.host = host.toLowerCase(Locale.ROOT);
        this.port = port;
        ConfiguredHostKeys rules = switch (policy) {
            case ConfiguredHostKeys configured -> configured;
            case HostKeys.KnownHosts known ->
                new ConfiguredHostKeys(known.files(), List.of(), StrictHostKeyChecking.YES, null, false);
            case HostKeys.AcceptNew accepting ->
                new ConfiguredHostKeys(
                        List.of(accepting.file()),
                        ConfiguredHostKeys.GLOBAL_FILES,
                        StrictHostKeyChecking.ACCEPT_NEW,
                        null,
                        false);
            case HostKeys.Pinned pinned ->
                new ConfiguredHostKeys(List.of(), List.of(), StrictHostKeyChecking.YES, null, false);
            case HostKeys.AcceptAny any ->
                new ConfiguredHostKeys(List.of(), List.of(), StrictHostKeyChecking.NO, null, false);
        };
        this.alias = rules.alias() == null ? null : rules.alias().toLowerCase(Locale.ROOT);
        this.name = alias != null ? alias : port == 22 ? this.host : "[" + this.host + "]:" + port;
        this.strictness = rules.strictness();
        this.files =
                Stream.concat(rules.user().stream(), rules.global().stream()).toList();
        this.userFile = rules.user().isEmpty() ? null : rules.user().get(0);
        this.isExempt = rules.isLoopbackTrusted() && alias == null && isLoopback();
        files.forEach(file -> read(file, line -> true));
        // Revoked keys of the system count even if the caller has chosen other files.
        if (policy instanceof HostKeys.KnownHosts) {
            ConfiguredHostKeys.GLOBAL_FILES.stream()
                    .filter(file -> !files.contains(file))
                    .forEach(file -> read(file, KnownHost::isRevoked));
        }
    }

    /** {@return whether the host is this machine, as {@code NoHostAuthenticationForLocalhost} means it} */
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
            throw new SshRefusedException("could not read the known hosts in " + file + ": " + e.getMessage(), e);
        }
    }

    /** {@return the reason why the host was refused, as a part of a message; null if no key was refused} */
    @Nullable
    String refusal() {
        return refusal;
    }

    /** {@return whether a changed key was accepted; then no password must be sent to the host} */
    boolean isChanged() {
        return changed;
    }

    /**
     * Excludes the type of the key that was refused last, so that the next connection asks for another type.
     *
     * @return false if no key was refused, or its type was excluded before
     */
    boolean excludeRefusedType() {
        return refusedType != null && excludedTypes.add(KeyKinds.plain(refusedType));
    }

    /** {@return the key algorithms to offer to the host, without those of excluded types} */
    List<Factory.Named<KeyAlgorithm>> algorithms() {
        return KeyKinds.of(algorithms, excludedTypes);
    }

    /**
     * {@return the algorithms of the known keys, which sshj prefers; empty if the order does not matter} A host with
     * keys of several types should present the one that is known, as the others would be refused.
     */
    @Override
    public List<String> findExistingAlgorithms(String address, int unused) {
        List<KnownHost> known = linesOf(name);
        List<Factory.Named<KeyAlgorithm>> all = algorithms();
        if (all.isEmpty() || isKnownType(known, all.get(0))) {
            return List.of();
        }
        boolean authority = known.stream().anyMatch(KnownHost::isAuthority);
        return all.stream()
                .filter(algorithm -> authority && KeyKinds.isCertificate(algorithm) || isKnownType(known, algorithm))
                .map(Factory.Named::getName)
                .toList();
    }

    private static boolean isKnownType(List<KnownHost> lines, Factory.Named<KeyAlgorithm> algorithm) {
        String type = KeyKinds.plain(algorithm).toString();
        return lines.stream()
                .anyMatch(line -> line.marker().isEmpty() && line.type().equals(type));
    }

    private List<KnownHost> linesOf(String hostName) {
        return lines.stream().filter(line -> line.isOf(hostName)).toList();
    }

    @Override
    public boolean verify(String address, int unused, PublicKey key) {
        byte[] blob = PublicKeys.blob(key);
        if (Arrays.equals(acceptedKey, blob)) {
            return true; // a later key exchange of the same connection
        }
        certificateProblem = null;
        boolean isGood = switch (policy) {
            case HostKeys.Pinned pinned -> isPinned(PublicKeys.plain(key), pinned.fingerprint());
            case HostKeys.AcceptAny any -> true;
            default -> isExempt || isAccepted(key);
        };
        acceptedKey = isGood ? blob : null;
        refusedType = isGood ? null : KeyType.fromKey(key);
        return isGood;
    }

    private boolean isAccepted(PublicKey key) {
        Status status = status(key);
        // A certificate that is not accepted leaves the key itself, as in OpenSSH.
        if (status != Status.KNOWN && status != Status.REVOKED && key instanceof Certificate<?>) {
            status = status(PublicKeys.plain(key));
        }
        return switch (status) {
            case KNOWN -> true;
            case REVOKED -> {
                refusal = "its host key " + KeyType.fromKey(key) + " " + fingerprint(PublicKeys.plain(key))
                        + ", or the certificate authority that signed it, is revoked by a line of the known hosts"
                        + " (give the host a new key)";
                yield false;
            }
            case NEW ->
                strictness == StrictHostKeyChecking.YES
                        ? refuse(PublicKeys.plain(key))
                        : addToUserFile(PublicKeys.plain(key));
            case CHANGED ->
                strictness == StrictHostKeyChecking.NO
                        ? acceptChanged(PublicKeys.plain(key))
                        : refuse(PublicKeys.plain(key));
        };
    }

    /**
     * {@return the status of a key} As with OpenSSH, lines without the port count if no line has {@code [host]:port}.
     */
    private Status status(PublicKey key) {
        Status status = status(key, linesOf(name));
        if (status != Status.NEW || alias != null || port == 22) {
            return status;
        }
        Status withoutPort = status(key, linesOf(host));
        if (withoutPort == Status.KNOWN || status(PublicKeys.plain(key), linesOf(host)) == Status.KNOWN) {
            return Status.KNOWN;
        }
        // A changed key without the port is a new one here: the line may be for another server of the host.
        return withoutPort == Status.REVOKED && !(key instanceof Certificate<?>) ? Status.REVOKED : Status.NEW;
    }

    private Status status(PublicKey key, List<KnownHost> known) {
        byte[] blob = PublicKeys.blob(PublicKeys.plain(key));
        byte[] authority = key instanceof Certificate<?> certificate ? certificate.getSignatureKey() : null;
        if (known.stream()
                .anyMatch(line ->
                        line.isRevoked() && (line.hasKey(blob) || authority != null && line.hasKey(authority)))) {
            return Status.REVOKED;
        }
        byte[] wanted = authority != null ? authority : blob;
        List<KnownHost> candidates = known.stream()
                .filter(line -> !line.isRevoked() && line.isAuthority() == (authority != null))
                .toList();
        if (candidates.stream().noneMatch(line -> line.hasKey(wanted))) {
            return candidates.isEmpty() ? Status.NEW : Status.CHANGED;
        }
        if (key instanceof Certificate<?> certificate) {
            certificateProblem = problemOf(certificate);
            return certificateProblem == null ? Status.KNOWN : Status.CHANGED;
        }
        return Status.KNOWN;
    }

    /** {@return the reason why a certificate is not valid for the host, or null if it is} */
    private @Nullable String problemOf(Certificate<?> certificate) {
        try {
            String signature = new Buffer.PlainBuffer(certificate.getSignature()).readString();
            if (certificate.getType() != HOST_CERTIFICATE) {
                return "it is a user certificate, not a host certificate";
            }
            if (!certificate.getCritOptions().isEmpty()) {
                return "it has critical options " + certificate.getCritOptions().keySet()
                        + ", which are not allowed for hosts";
            }
            if (!SIGNATURE_ALGORITHMS.contains(signature)) {
                return "its authority signed it with " + signature + ", which is not accepted";
            }
            String principal = alias != null ? alias : host;
            List<String> principals = certificate.getValidPrincipals();
            // Exact names: sshj would take them for patterns.
            if (!principals.isEmpty() && !principals.contains(principal)) {
                return "its principals " + principals + " do not include " + principal;
            }
            return KeyType.CertUtils.verifyHostCertificate(PublicKeys.blob(certificate), certificate, principal);
        } catch (Buffer.BufferException | SSHRuntimeException e) {
            return "it is malformed: " + e.getMessage();
        }
    }

    /** Accepts a changed key, with a warning. {@return true} */
    private boolean acceptChanged(PublicKey key) {
        LOG.warn(
                "the host key of {} has changed to {}; connecting without password authentication, as"
                        + " StrictHostKeyChecking is off",
                name,
                fingerprint(key));
        changed = true;
        return true;
    }

    /** Adds the key of a new host to the known-hosts file of the user. {@return whether the key is accepted} */
    private boolean addToUserFile(PublicKey key) {
        Path file = userFile;
        if (file == null) {
            return refuse(key);
        }
        try {
            Path parent = file.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            // One write in append mode: other threads and processes may add lines at the same time.
            String line = (lacksFinalNewline(file) ? "\n" : "") + line(key) + "\n";
            Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            return true;
        } catch (IOException e) {
            if (strictness == StrictHostKeyChecking.NO) {
                LOG.warn("could not add the host key of {} to {}: {}", name, file, e.toString());
                return true;
            }
            refusal = "its host key " + fingerprint(key) + " is new and could not be added to " + file + ": " + e;
            return false;
        }
    }

    private static boolean lacksFinalNewline(Path file) throws IOException {
        return Files.isRegularFile(file) && !Files.readString(file, ISO_8859_1).matches("(?s)(.*\n)?");
    }

    private boolean isPinned(PublicKey key, String fingerprint) {
        boolean same = fingerprint.startsWith("SHA256:")
                ? fingerprint(key).equals(fingerprint.replaceFirst("=$", ""))
                : SecurityUtils.getFingerprint(key).equals(fingerprint.replaceFirst("^MD5:", ""));
        // The first refusal is reported: it has the key that the host prefers.
        if (!same && refusal == null) {
            refuse(key, "the pinned key " + fingerprint);
        }
        return same;
    }

    /** Refuses a key, naming the keys that are known. {@return false} */
    private boolean refuse(PublicKey key) {
        List<KnownHost> known = linesOf(name);
        String keys = known.stream()
                .filter(line -> !line.isRevoked())
                .map(KnownHost::described)
                .collect(Collectors.joining(", "));
        return refuse(
                key,
                (keys.isEmpty() ? "a key for " + name + ", but there is none" : "the key " + keys + " for " + name)
                        + " in " + files.stream().map(Path::toString).collect(Collectors.joining(", ")));
    }

    /** Refuses a key. {@return false} */
    private boolean refuse(PublicKey key, String expected) {
        String certificate =
                certificateProblem == null ? "" : " (its certificate was not accepted: " + certificateProblem + ")";
        refusal = "its host key was not accepted: expected " + expected + "; the host presented " + KeyType.fromKey(key)
                + " " + fingerprint(key) + certificate
                + ". If this is the key of the host (compare it with the output of ssh-keygen -lf"
                + " /etc/ssh/ssh_host_…_key.pub there), replace the known-hosts lines of the host by this one: '"
                + line(key) + "', or use HostKeys.pinned(\"" + fingerprint(key) + "\")";
        return false;
    }

    private String line(PublicKey key) {
        return name + " " + KeyType.fromKey(key) + " " + Base64.getEncoder().encodeToString(PublicKeys.blob(key));
    }

    /** {@return the fingerprint of a key as OpenSSH prints it: {@code SHA256:…}} */
    static String fingerprint(PublicKey key) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(PublicKeys.blob(key));
            return "SHA256:" + Base64.getEncoder().withoutPadding().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }
}

package org.atex.ssh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import net.schmizz.sshj.common.Buffer;
import net.schmizz.sshj.common.KeyType;
import net.schmizz.sshj.common.SecurityUtils;
import net.schmizz.sshj.transport.verification.HostKeyVerifier;
import net.schmizz.sshj.transport.verification.OpenSSHKnownHosts;
import org.jspecify.annotations.Nullable;

/**
 * Decides of the key of one host, and remembers why it refused one.
 *
 * <p>Thread safety: asked by one thread; {@link #refusal} for any.
 */
final class HostKeyCheck implements HostKeyVerifier {
    private final HostKeys policy;
    private final List<OpenSSHKnownHosts> known = new ArrayList<>();
    private volatile @Nullable String refusal;

    /**
     * Makes one.
     *
     * @throws SshRefusedException if a file of known hosts cannot be read
     */
    HostKeyCheck(HostKeys policy) {
        this.policy = policy;
        switch (policy) {
            case HostKeys.Known files -> files.files().forEach(this::read);
            case HostKeys.AcceptNew learning -> read(learning.file());
            case HostKeys.Pinned pinned -> {}
            case HostKeys.AcceptAny any -> {}
        }
    }

    private void read(Path file) {
        try {
            if (Files.exists(file)) {
                known.add(new OpenSSHKnownHosts(file.toFile(), Quiet.LOGGERS));
            }
        } catch (IOException e) {
            throw new SshRefusedException("cannot read the known hosts in " + file + ": " + e.getMessage(), e);
        }
    }

    /** {@return why the key was refused, or null if it was not} */
    @Nullable
    String refusal() {
        return refusal;
    }

    @Override
    public List<String> findExistingAlgorithms(String host, int port) {
        return known.stream()
                .flatMap(file -> file.findExistingAlgorithms(host, port).stream())
                .distinct()
                .collect(Collectors.toCollection(ArrayList::new));
    }

    @Override
    public boolean verify(String host, int port, PublicKey key) {
        return switch (policy) {
            case HostKeys.Known files -> verifyKnown(host, port, key, files.files());
            case HostKeys.AcceptNew learning -> verifyOrLearn(host, port, key, learning.file());
            case HostKeys.Pinned pinned -> verifyPinned(host, port, key, pinned.fingerprint());
            case HostKeys.AcceptAny any -> true;
        };
    }

    private boolean isKnown(String host, int port, PublicKey key) {
        return known.stream().anyMatch(file -> file.verify(host, port, key));
    }

    private boolean verifyKnown(String host, int port, PublicKey key, List<Path> files) {
        return isKnown(host, port, key)
                || refuse(
                        host,
                        port,
                        key,
                        expected(host, port) + " in "
                                + files.stream().map(Path::toString).collect(Collectors.joining(", ")));
    }

    private boolean verifyOrLearn(String host, int port, PublicKey key, Path file) {
        if (isKnown(host, port, key)) {
            return true;
        }
        if (!findExistingAlgorithms(host, port).isEmpty()) {
            return refuse(host, port, key, expected(host, port) + " in " + file);
        }
        try {
            Path parent = file.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            // One write of one line: others may be learning from hosts of theirs at the same time.
            Files.writeString(file, line(host, port, key) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            return true;
        } catch (IOException e) {
            refusal = "its key " + fingerprint(key) + " is new, and could not be added to " + file + ": " + e;
            return false;
        }
    }

    private boolean verifyPinned(String host, int port, PublicKey key, String fingerprint) {
        boolean same = fingerprint.startsWith("SHA256:")
                ? fingerprint(key).equals(fingerprint.replaceFirst("=$", ""))
                : SecurityUtils.getFingerprint(key).equals(fingerprint.replaceFirst("^MD5:", ""));
        return same || refuse(host, port, key, "the key pinned, " + fingerprint);
    }

    private String expected(String host, int port) {
        List<String> algorithms = findExistingAlgorithms(host, port);
        return algorithms.isEmpty()
                ? "a key for " + name(host, port) + ", of which there is none,"
                : "the key (" + String.join(", ", algorithms) + ") for " + name(host, port);
    }

    private boolean refuse(String host, int port, PublicKey key, String expected) {
        refusal = "its host key was not accepted: expected " + expected + "; it came with " + KeyType.fromKey(key) + " "
                + fingerprint(key) + ". If that is the host's, which its owner can say (ssh-keygen -lf"
                + " /etc/ssh/ssh_host_…_key.pub), put this line in place of any other of that host: '"
                + line(host, port, key) + "', or use HostKeys.pinned(\"" + fingerprint(key) + "\")";
        return false;
    }

    private static String name(String host, int port) {
        return port == 22 ? host : "[" + host + "]:" + port;
    }

    private static String line(String host, int port, PublicKey key) {
        return name(host, port) + " " + KeyType.fromKey(key) + " "
                + Base64.getEncoder().encodeToString(blob(key));
    }

    private static byte[] blob(PublicKey key) {
        return new Buffer.PlainBuffer().putPublicKey(key).getCompactData();
    }

    /** {@return a key's fingerprint as OpenSSH shows it} */
    static String fingerprint(PublicKey key) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(blob(key));
            return "SHA256:" + Base64.getEncoder().withoutPadding().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }
}

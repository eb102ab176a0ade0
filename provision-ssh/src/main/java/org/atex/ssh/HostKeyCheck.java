package org.atex.ssh;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
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
    private final String name;
    private final List<KnownHost> lines = new ArrayList<>();
    private final List<OpenSSHKnownHosts> known = new ArrayList<>();
    private volatile @Nullable String refusal;

    /**
     * Makes one.
     *
     * @param policy what is accepted
     * @param host where the host is
     * @param port the port of its sshd
     * @throws SshRefusedException if a file of known hosts cannot be read
     */
    HostKeyCheck(HostKeys policy, String host, int port) {
        this.policy = policy;
        this.name = name(host, port).toLowerCase(Locale.ROOT);
        switch (policy) {
            case HostKeys.Known files -> files.files().forEach(this::read);
            case HostKeys.AcceptNew learning -> read(learning.file());
            case HostKeys.Pinned pinned -> {}
            case HostKeys.AcceptAny any -> {}
        }
    }

    private void read(Path file) {
        if (!Files.exists(file)) {
            return;
        }
        try {
            List<KnownHost> here = Files.readAllLines(file, ISO_8859_1).stream()
                    .map(KnownHost::of)
                    .filter(Objects::nonNull)
                    .filter(line -> line.isOf(name))
                    .toList();
            lines.addAll(here);
            String good = here.stream()
                    .filter(line -> !line.isRevoked())
                    .map(line -> line.text() + "\n")
                    .collect(Collectors.joining());
            known.add(new OpenSSHKnownHosts(new StringReader(good), Quiet.LOGGERS));
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
        if (isRevoked(key)) {
            refusal = "its host key, " + KeyType.fromKey(key) + " " + fingerprint(key)
                    + ", was revoked by a line of the known hosts: it is not to be trusted any more. The host needs a new"
                    + " one";
            return false;
        }
        return switch (policy) {
            case HostKeys.Known files -> verifyKnown(host, port, key, files.files());
            case HostKeys.AcceptNew learning -> verifyOrLearn(host, port, key, learning.file());
            case HostKeys.Pinned pinned -> verifyPinned(host, port, key, pinned.fingerprint());
            case HostKeys.AcceptAny any -> true;
        };
    }

    private boolean isRevoked(PublicKey key) {
        String text = base64(key);
        return lines.stream().anyMatch(line -> line.isRevoked() && line.key().equals(text));
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
                        expected() + " in " + files.stream().map(Path::toString).collect(Collectors.joining(", ")));
    }

    private boolean verifyOrLearn(String host, int port, PublicKey key, Path file) {
        if (isKnown(host, port, key)) {
            return true;
        }
        if (!findExistingAlgorithms(host, port).isEmpty()) {
            return refuse(host, port, key, expected() + " in " + file);
        }
        try {
            Path parent = file.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            // One write of one line: others may be learning from hosts of theirs at the same time.
            String line = (endsInLine(file) ? "\n" : "") + line(host, port, key) + "\n";
            Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            return true;
        } catch (IOException e) {
            refusal = "its key " + fingerprint(key) + " is new, and could not be added to " + file + ": " + e;
            return false;
        }
    }

    private static boolean endsInLine(Path file) throws IOException {
        return Files.exists(file) && !Files.readString(file, ISO_8859_1).matches("(?s)(.*\n)?");
    }

    private boolean verifyPinned(String host, int port, PublicKey key, String fingerprint) {
        boolean same = fingerprint.startsWith("SHA256:")
                ? fingerprint(key).equals(fingerprint.replaceFirst("=$", ""))
                : SecurityUtils.getFingerprint(key).equals(fingerprint.replaceFirst("^MD5:", ""));
        return same || refuse(host, port, key, "the key pinned, " + fingerprint);
    }

    private String expected() {
        String keys = lines.stream()
                .filter(line -> !line.isRevoked())
                .map(KnownHost::described)
                .collect(Collectors.joining(", "));
        return keys.isEmpty() ? "a key for " + name + ", of which there is none," : "the key " + keys + " for " + name;
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

    /** As in {@link KnownHost#key}. */
    private static String base64(PublicKey key) {
        return Base64.getEncoder().withoutPadding().encodeToString(blob(key));
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

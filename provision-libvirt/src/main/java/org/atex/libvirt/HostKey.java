package org.atex.libvirt;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.EdECPrivateKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.atex.support.SshKeyFormat;
import org.atex.support.SshKeyPair;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A new host key for an ssh server. An emulated processor would need half a second for a small one, and up to 20 seconds
 * for an RSA key.
 *
 * @param file the file that it belongs into
 * @param privateKey the content of the file in one line, with {@code \\n} for the end of a line and {@code \\xHH} for a
 *     byte
 * @param publicKey the line of the file with the public key, or {@code -} if there is no such file
 */
record HostKey(String file, String privateKey, String publicKey) {
    private static final Logger LOG = LoggerFactory.getLogger(HostKey.class);
    private static final int CURVE_BYTES = 32;
    private static final int MAX_KEYS = 20;

    /** {@return new keys for those of the files whose kind is known, and that this Java can generate} */
    static List<HostKey> generate(List<String> files) {
        return files.stream().flatMap(HostKey::generate).limit(MAX_KEYS).toList();
    }

    private static Stream<HostKey> generate(String file) {
        try {
            return switch (file) {
                case "/etc/ssh/ssh_host_rsa_key" -> Stream.of(of(file, SshKeyPair.rsa()));
                case "/etc/ssh/ssh_host_ecdsa_key" -> Stream.of(of(file, SshKeyPair.ecdsa()));
                case "/etc/ssh/ssh_host_ed25519_key" -> Stream.of(ed25519(file));
                default -> file.matches("/etc/dropbear/[A-Za-z0-9_.-]+") ? Stream.of(dropbear(file)) : Stream.empty();
            };
        } catch (GeneralSecurityException e) {
            LOG.debug("this Java cannot generate the key of {}, the system does", file, e);
            return Stream.empty();
        }
    }

    private static HostKey of(String file, SshKeyPair key) {
        return new HostKey(file, line(key.privateKey()), key.publicKey());
    }

    private static HostKey ed25519(String file) throws GeneralSecurityException {
        KeyPair pair = pair();
        byte[] type = ascii("ssh-ed25519");
        byte[] blob = SshKeyFormat.strings(type, point(pair));
        byte[] fields = SshKeyFormat.strings(type, point(pair), join(seed(pair), point(pair)));
        return new HostKey(
                file,
                line(SshKeyFormat.privateKey(blob, fields)),
                "ssh-ed25519 " + Base64.getEncoder().encodeToString(blob));
    }

    private static HostKey dropbear(String file) throws GeneralSecurityException {
        KeyPair pair = pair();
        byte[] content = SshKeyFormat.strings(ascii("ssh-ed25519"), join(seed(pair), point(pair)));
        return new HostKey(file, HexFormat.of().withPrefix("\\x").formatHex(content), "-");
    }

    private static byte[] seed(KeyPair pair) {
        return ((EdECPrivateKey) pair.getPrivate()).getBytes().orElseThrow();
    }

    private static byte[] point(KeyPair pair) {
        return last(CURVE_BYTES, pair.getPublic().getEncoded());
    }

    private static KeyPair pair() throws GeneralSecurityException {
        return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    }

    private static String line(String lines) {
        return lines.replace("\n", "\\n");
    }

    private static byte[] last(int count, byte[] bytes) {
        return Arrays.copyOfRange(bytes, bytes.length - count, bytes.length);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            bytes.writeBytes(part);
        }
        return bytes.toByteArray();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** {@return its file, without the key} */
    @Override
    public String toString() {
        return file;
    }
}

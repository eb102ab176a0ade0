package org.atex.ssh;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.hierynomus.sshj.userauth.certificate.Certificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.Arrays;
import java.util.Base64;
import net.schmizz.sshj.common.Buffer;
import net.schmizz.sshj.common.SSHRuntimeException;
import org.jspecify.annotations.Nullable;

/** Reads public keys and certificates from files in the formats of OpenSSH. */
final class PublicKeys {
    private static final long USER_CERTIFICATE = 1;

    /** The start of a private key file; its public key is not encrypted (PROTOCOL.key of OpenSSH). */
    private static final byte[] MAGIC = "openssh-key-v1\0".getBytes(UTF_8);

    private PublicKeys() {}

    /**
     * {@return the public key of a key file, or null if it cannot be read} The file is a public key, has a {@code .pub}
     * file beside it, or is a private key in the format of OpenSSH, which contains the public key.
     */
    static @Nullable PublicKey of(Path file) {
        PublicKey key = in(file);
        if (key == null) {
            key = in(Path.of(file + ".pub"));
        }
        return key != null ? key : ofPrivate(file);
    }

    /** {@return the user certificate in a file, or null if the file is not one} */
    static @Nullable PublicKey certificate(Path file) {
        PublicKey key = in(file);
        return key instanceof Certificate<?> certificate && certificate.getType() == USER_CERTIFICATE ? key : null;
    }

    /** {@return the certified key of a certificate, or the key itself} */
    static PublicKey plain(PublicKey key) {
        return key instanceof Certificate<?> certificate ? certificate.getKey() : key;
    }

    /** {@return a key in the wire format of RFC 4253 section 6.6} */
    static byte[] blob(PublicKey key) {
        return new Buffer.PlainBuffer().putPublicKey(key).getCompactData();
    }

    /** {@return the public key in a file, or null if the file is not a public key} */
    static @Nullable PublicKey in(Path file) {
        try {
            for (String line : Files.readAllLines(file, ISO_8859_1)) {
                String[] words = line.strip().split("\\s+", -1);
                if (words.length >= 2 && words[0].matches("[a-z0-9@.-]+")) {
                    return key(Base64.getDecoder().decode(words[1]));
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            return null; // not a public key: the caller reports it if a key is needed
        }
        return null;
    }

    private static @Nullable PublicKey ofPrivate(Path file) {
        try {
            String text = Files.readString(file, ISO_8859_1);
            if (!text.startsWith("-----BEGIN OPENSSH PRIVATE KEY-----")) {
                return null;
            }
            byte[] bytes = Base64.getMimeDecoder().decode(text.replaceAll("-----[^-]*-----", ""));
            if (!Arrays.equals(MAGIC, Arrays.copyOf(bytes, MAGIC.length))) {
                return null;
            }
            Buffer.PlainBuffer buffer = new Buffer.PlainBuffer(Arrays.copyOfRange(bytes, MAGIC.length, bytes.length));
            buffer.readString(); // the cipher name
            buffer.readString(); // the name of the key derivation function
            buffer.readBytes(); // the parameters of that function
            return buffer.readUInt32() < 1 ? null : key(buffer.readBytes());
        } catch (IOException | IllegalArgumentException e) {
            return null;
        }
    }

    static @Nullable PublicKey key(byte[] blob) {
        try {
            return new Buffer.PlainBuffer(blob).readPublicKey();
        } catch (Buffer.BufferException | SSHRuntimeException | UnsupportedOperationException e) {
            return null;
        }
    }
}

package org.atex.support;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Base64;

/** Parts of the formats of ssh keys. */
public final class SshKeyFormat {
    private static final int LINE = 64;
    private static final int BLOCK = 8;

    private SshKeyFormat() {}

    /**
     * {@return bytes as the text of a PEM file, by RFC 7468}
     *
     * @param label the label, such as {@code PRIVATE KEY}
     * @param content the bytes
     */
    public static String pem(String label, byte[] content) {
        String lines = Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(content);
        return "-----BEGIN " + label + "-----\n" + lines + "\n-----END " + label + "-----\n";
    }

    /**
     * {@return strings of the ssh protocol, each after its length, by RFC 4251, section 5}
     *
     * @param strings the strings without their lengths
     */
    public static byte[] strings(byte[]... strings) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] string : strings) {
            bytes.writeBytes(
                    ByteBuffer.allocate(Integer.BYTES).putInt(string.length).array());
            bytes.writeBytes(string);
        }
        return bytes.toByteArray();
    }

    /**
     * {@return a private key without a passphrase as the text of a file, by openssh/PROTOCOL.key} OpenSSH reads it since
     * version 6.5.
     *
     * @param publicKey the public key, as ssh sends it
     * @param fields the fields of the private key, from its type on
     */
    public static String privateKey(byte[] publicKey, byte[] fields) {
        ByteArrayOutputStream secret = new ByteArrayOutputStream();
        secret.writeBytes(new byte[8]); // two equal numbers, by which a wrong passphrase is noticed
        secret.writeBytes(fields);
        secret.writeBytes(strings(new byte[0])); // the comment
        for (int i = 1; secret.size() % BLOCK != 0; i++) {
            secret.write(i);
        }
        byte[] none = "none".getBytes(US_ASCII);
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes("openssh-key-v1\0".getBytes(US_ASCII));
        content.writeBytes(strings(none, none, new byte[0]));
        content.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(1).array());
        content.writeBytes(strings(publicKey, secret.toByteArray()));
        return pem("OPENSSH PRIVATE KEY", content.toByteArray());
    }
}

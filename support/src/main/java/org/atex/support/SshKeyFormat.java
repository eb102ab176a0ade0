package org.atex.support;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Base64;

/** Parts of the formats of ssh keys. */
public final class SshKeyFormat {
    private static final int LINE = 64;

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
}

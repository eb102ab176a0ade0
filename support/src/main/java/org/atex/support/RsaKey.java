package org.atex.support;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.interfaces.RSAPublicKey;
import java.util.Base64;
import java.util.List;

/**
 * An RSA key for ssh, of the size that {@code ssh-keygen} uses. RSA is accepted by every distribution, also in FIPS mode.
 *
 * @param privateKey the private key, as the lines of a file for OpenSSH in the format PKCS #8
 * @param publicKey the public key, as a line of an authorized-keys file without a comment
 */
public record RsaKey(String privateKey, String publicKey) {
    private static final int BITS = 3072;

    /** {@return a new key} */
    public static RsaKey generate() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(BITS);
            KeyPair pair = generator.generateKeyPair();
            return new RsaKey(
                    "-----BEGIN PRIVATE KEY-----\n"
                            + Base64.getMimeEncoder(64, new byte[] {'\n'})
                                    .encodeToString(pair.getPrivate().getEncoded())
                            + "\n-----END PRIVATE KEY-----\n",
                    line((RSAPublicKey) pair.getPublic()));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("RSA is available in every Java", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String line(RSAPublicKey key) throws IOException {
        // The wire format of RFC 4253, section 6.6: strings and integers, each with its length.
        ByteArrayOutputStream blob = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(blob);
        for (byte[] part : List.of(
                "ssh-rsa".getBytes(StandardCharsets.US_ASCII),
                key.getPublicExponent().toByteArray(),
                key.getModulus().toByteArray())) {
            out.writeInt(part.length);
            out.write(part);
        }
        return "ssh-rsa " + Base64.getEncoder().encodeToString(blob.toByteArray());
    }

    /** {@return the public key} */
    @Override
    public String toString() {
        return publicKey;
    }
}

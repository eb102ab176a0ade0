package org.atex.support;

import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.interfaces.RSAPublicKey;
import java.util.Base64;

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
            return new RsaKey(SshKeyFormat.pem("PRIVATE KEY", pair.getPrivate().getEncoded()), line((RSAPublicKey)
                    pair.getPublic()));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("RSA is available in every Java", e);
        }
    }

    private static String line(RSAPublicKey key) {
        // RFC 4253, section 6.6
        byte[] blob = SshKeyFormat.strings(
                "ssh-rsa".getBytes(StandardCharsets.US_ASCII),
                key.getPublicExponent().toByteArray(),
                key.getModulus().toByteArray());
        return "ssh-rsa " + Base64.getEncoder().encodeToString(blob);
    }

    /** {@return the public key} */
    @Override
    public String toString() {
        return publicKey;
    }
}

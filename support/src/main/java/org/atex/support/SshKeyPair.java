package org.atex.support;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;

/**
 * A key for ssh.
 *
 * @param privateKey the private key, as the lines of a file for OpenSSH
 * @param publicKey the public key, as a line of an authorized-keys file without a comment
 */
public record SshKeyPair(String privateKey, String publicKey) {
    /** The size that {@code ssh-keygen} uses. */
    private static final int RSA_BITS = 3072;

    private static final int COORDINATE_BYTES = 32;

    /** {@return a new RSA key} Every service and distribution accepts one, but it takes a second of a processor. */
    public static SshKeyPair rsa() {
        KeyPair pair;
        try {
            pair = generate("RSA", new RSAKeyGenParameterSpec(RSA_BITS, RSAKeyGenParameterSpec.F4));
        } catch (GeneralSecurityException e) {
            throw new AssertionError("RSA is available in every Java", e);
        }
        RSAPublicKey key = (RSAPublicKey) pair.getPublic();
        // RFC 4253, section 6.6
        byte[] blob = SshKeyFormat.strings(
                ascii("ssh-rsa"),
                key.getPublicExponent().toByteArray(),
                key.getModulus().toByteArray());
        return new SshKeyPair(SshKeyFormat.pem("PRIVATE KEY", pair.getPrivate().getEncoded()), line("ssh-rsa", blob));
    }

    /**
     * {@return a new key of the curve P-256} All versions of OpenSSH since 5.7 accept one, also in FIPS mode.
     *
     * @throws GeneralSecurityException if this Java has no such curve, as an image without the module jdk.crypto.ec
     */
    public static SshKeyPair ecdsa() throws GeneralSecurityException {
        KeyPair pair = generate("EC", new ECGenParameterSpec("secp256r1"));
        // 4, x and y are the end of the encoded key.
        byte[] encoded = pair.getPublic().getEncoded();
        byte[] point = Arrays.copyOfRange(encoded, encoded.length - 2 * COORDINATE_BYTES - 1, encoded.length);
        byte[] type = ascii("ecdsa-sha2-nistp256");
        byte[] curve = ascii("nistp256");
        // RFC 5656, section 3.1
        byte[] blob = SshKeyFormat.strings(type, curve, point);
        byte[] secret = ((ECPrivateKey) pair.getPrivate()).getS().toByteArray();
        return new SshKeyPair(
                SshKeyFormat.privateKey(blob, SshKeyFormat.strings(type, curve, point, secret)),
                line("ecdsa-sha2-nistp256", blob));
    }

    private static KeyPair generate(String algorithm, AlgorithmParameterSpec parameters)
            throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(parameters);
        return generator.generateKeyPair();
    }

    private static String line(String type, byte[] blob) {
        return type + " " + Base64.getEncoder().encodeToString(blob);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** {@return the public key} */
    @Override
    public String toString() {
        return publicKey;
    }
}

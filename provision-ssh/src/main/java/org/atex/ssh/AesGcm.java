package org.atex.ssh;

import com.hierynomus.sshj.transport.cipher.GcmCipher;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import javax.crypto.Cipher;
import net.schmizz.sshj.common.Factory;
import net.schmizz.sshj.common.SSHRuntimeException;

/**
 * AES-GCM by the JDK's provider, which uses the AES instructions of the processor. sshj's own cipher asks Bouncy Castle
 * for AES, an implementation in plain Java that is several times slower.
 */
final class AesGcm extends GcmCipher {
    private static final String TRANSFORMATION = "AES/GCM/NoPadding";
    private static final int IV_BYTES = 12;
    private static final int TAG_BYTES = 16;

    private AesGcm(int keyBits) {
        super(IV_BYTES, TAG_BYTES, keyBits / Byte.SIZE, "AES", TRANSFORMATION);
    }

    /**
     * {@return the ciphers to offer, in order of preference: AES-GCM of this class, the current ciphers of sshj, its
     * obsolete ciphers}
     *
     * @param ciphers the ciphers of sshj
     */
    static List<Factory.Named<net.schmizz.sshj.transport.cipher.Cipher>> inOrderOfPreference(
            List<Factory.Named<net.schmizz.sshj.transport.cipher.Cipher>> ciphers) {
        List<Factory.Named<net.schmizz.sshj.transport.cipher.Cipher>> all =
                new ArrayList<>(List.of(named(128), named(256)));
        ciphers.stream()
                // sshj's own AES-GCM would have the same names as the ciphers above.
                .filter(cipher -> !cipher.getName().contains("-gcm@"))
                .sorted(Comparator.comparing(AesGcm::isObsolete))
                .forEach(all::add);
        return all;
    }

    private static boolean isObsolete(Factory.Named<?> cipher) {
        return !cipher.getName().matches("chacha20-poly1305@openssh.com|aes[0-9]+-ctr");
    }

    private static Factory.Named<net.schmizz.sshj.transport.cipher.Cipher> named(int keyBits) {
        return new Factory.Named<>() {
            @Override
            public String getName() {
                return "aes" + keyBits + "-gcm@openssh.com";
            }

            @Override
            public net.schmizz.sshj.transport.cipher.Cipher create() {
                return new AesGcm(keyBits);
            }
        };
    }

    @Override
    protected void initCipher(Cipher given, Mode mode, byte[] key, byte[] iv)
            throws InvalidKeyException, InvalidAlgorithmParameterException {
        try {
            // Replaces the cipher that sshj created with Bouncy Castle.
            cipher = Cipher.getInstance(TRANSFORMATION);
        } catch (GeneralSecurityException e) {
            throw new SSHRuntimeException(e);
        }
        super.initCipher(cipher, mode, key, iv);
    }
}

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

/** AES by the JDK, which uses the processor's instructions for it. sshj's own goes through Bouncy Castle, in plain Java. */
final class AesGcm extends GcmCipher {
    private static final String TRANSFORMATION = "AES/GCM/NoPadding";
    private static final int IV_BYTES = 12;
    private static final int TAG_BYTES = 16;

    private AesGcm(int keyBits) {
        super(IV_BYTES, TAG_BYTES, keyBits / Byte.SIZE, "AES", TRANSFORMATION);
    }

    /**
     * {@return ciphers in the order of their speed: these, sshj's that are in use today, and its old ones}
     *
     * @param ciphers those of sshj
     */
    static List<Factory.Named<net.schmizz.sshj.transport.cipher.Cipher>> first(
            List<Factory.Named<net.schmizz.sshj.transport.cipher.Cipher>> ciphers) {
        List<Factory.Named<net.schmizz.sshj.transport.cipher.Cipher>> all =
                new ArrayList<>(List.of(named(128), named(256)));
        ciphers.stream()
                .filter(cipher -> !cipher.getName().contains("-gcm@"))
                .sorted(Comparator.comparing(AesGcm::isOld))
                .forEach(all::add);
        return all;
    }

    private static boolean isOld(Factory.Named<?> cipher) {
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
            cipher = Cipher.getInstance(TRANSFORMATION);
        } catch (GeneralSecurityException e) {
            throw new SSHRuntimeException(e);
        }
        super.initCipher(cipher, mode, key, iv);
    }
}

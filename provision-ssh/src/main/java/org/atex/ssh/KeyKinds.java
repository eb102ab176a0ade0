package org.atex.ssh;

import com.hierynomus.sshj.key.KeyAlgorithm;
import com.hierynomus.sshj.key.KeyAlgorithms;
import java.util.List;
import java.util.Set;
import net.schmizz.sshj.common.Factory;
import net.schmizz.sshj.common.KeyType;
import net.schmizz.sshj.signature.SignatureRSA;

/**
 * The supported algorithms of host keys and user keys, in the order of preference of OpenSSH's client. The list extends
 * that of sshj, which lacks RSA certificates signed with SHA-2: OpenSSH accepts no other RSA certificates since 8.2.
 */
final class KeyKinds {
    static final String RSA_CERTIFICATE = "rsa-sha2-512-cert-v01@openssh.com";

    private static final List<Factory.Named<KeyAlgorithm>> ALL = List.of(
            KeyAlgorithms.EdDSA25519CertV01(),
            KeyAlgorithms.ECDSASHANistp256CertV01(),
            KeyAlgorithms.ECDSASHANistp384CertV01(),
            KeyAlgorithms.ECDSASHANistp521CertV01(),
            new KeyAlgorithms.Factory(RSA_CERTIFICATE, new SignatureRSA.FactoryRSASHA512(), KeyType.RSA_CERT),
            new KeyAlgorithms.Factory(
                    "rsa-sha2-256-cert-v01@openssh.com", new SignatureRSA.FactoryRSASHA256(), KeyType.RSA_CERT),
            KeyAlgorithms.EdDSA25519(),
            KeyAlgorithms.ECDSASHANistp256(),
            KeyAlgorithms.ECDSASHANistp384(),
            KeyAlgorithms.ECDSASHANistp521(),
            KeyAlgorithms.RSASHA512(),
            KeyAlgorithms.RSASHA256(),
            KeyAlgorithms.SSHRSACertV01(),
            KeyAlgorithms.SSHDSSCertV01(),
            KeyAlgorithms.SSHRSA(),
            KeyAlgorithms.SSHDSA());

    private KeyKinds() {}

    /** {@return all supported algorithms} */
    static List<Factory.Named<KeyAlgorithm>> all() {
        return ALL;
    }

    /**
     * {@return the algorithms to offer for a host key}
     *
     * @param names the allowed algorithms, or an empty set for all
     * @param excluded types of keys for which the host has shown a wrong key
     */
    static List<Factory.Named<KeyAlgorithm>> of(Set<String> names, Set<KeyType> excluded) {
        return ALL.stream()
                .filter(algorithm -> names.isEmpty() || names.contains(algorithm.getName()))
                .filter(algorithm -> !excluded.contains(plain(algorithm)))
                .toList();
    }

    /**
     * {@return whether an algorithm is one of certificates; OpenSSH names all of them {@code …-cert-vNN@openssh.com}}
     */
    static boolean isCertificate(Factory.Named<KeyAlgorithm> algorithm) {
        return algorithm.getName().contains("-cert-");
    }

    /** {@return the type of the key, for a certificate the type of the certified key} */
    static KeyType plain(Factory.Named<KeyAlgorithm> algorithm) {
        return plain(((KeyAlgorithms.Factory) algorithm).getKeyType());
    }

    static KeyType plain(KeyType type) {
        return type.getParent() == null ? type : type.getParent();
    }
}

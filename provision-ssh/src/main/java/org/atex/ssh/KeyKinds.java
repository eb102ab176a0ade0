package org.atex.ssh;

import com.hierynomus.sshj.key.KeyAlgorithm;
import com.hierynomus.sshj.key.KeyAlgorithms;
import java.util.List;
import java.util.Set;
import net.schmizz.sshj.common.Factory;
import net.schmizz.sshj.common.KeyType;
import net.schmizz.sshj.signature.SignatureRSA;

/**
 * The algorithms of keys, of hosts and of users, in the order of OpenSSH's client. sshj lacks those of RSA certificates
 * that are signed with SHA-2, which are the only ones that OpenSSH takes since 8.2.
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

    /** {@return all that we know} */
    static List<Factory.Named<KeyAlgorithm>> all() {
        return ALL;
    }

    /**
     * {@return those that a host's key may have}
     *
     * @param names of those that are wanted, or none for all
     * @param excluded kinds of keys that the host was seen not to have the right one of
     */
    static List<Factory.Named<KeyAlgorithm>> of(Set<String> names, Set<KeyType> excluded) {
        return ALL.stream()
                .filter(algorithm -> names.isEmpty() || names.contains(algorithm.getName()))
                .filter(algorithm -> !excluded.contains(plain(algorithm)))
                .toList();
    }

    static boolean isCertificate(Factory.Named<KeyAlgorithm> algorithm) {
        return algorithm.getName().contains("-cert-");
    }

    /** {@return the kind of the key itself, also of one with a certificate} */
    static KeyType plain(Factory.Named<KeyAlgorithm> algorithm) {
        return plain(((KeyAlgorithms.Factory) algorithm).getKeyType());
    }

    static KeyType plain(KeyType type) {
        return type.getParent() == null ? type : type.getParent();
    }
}

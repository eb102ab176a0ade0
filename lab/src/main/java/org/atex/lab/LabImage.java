package org.atex.lab;

/** The images that {@code lab/images} builds. */
public enum LabImage {
    /** Debian with bash and without Python; apt has a repository of small packages in {@code /srv/debs}. */
    PLAIN,
    /** The same with systemd as its init, and sshd. */
    SYSTEMD,
    /** Debian with dnf, which has a repository of small packages in {@code /srv/rpms}. */
    DNF,
    /** Debian with other ssh servers than OpenSSH, dropbear and tinysshd, and without sftp. */
    SERVERS,
    /** Debian with sshd, sudo and many shells to log in to. */
    SHELLS;

    /** {@return what podman calls it} */
    public String reference() {
        return "localhost/atex-lab-" + name().toLowerCase(java.util.Locale.ROOT);
    }
}

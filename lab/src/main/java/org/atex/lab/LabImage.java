package org.atex.lab;

/** The images that {@code lab/images} builds. */
public enum LabImage {
    /** Debian with bash and without Python; apt has a repository of small packages in {@code /srv/debs}. */
    PLAIN,
    /** The same with systemd and sshd. */
    SYSTEMD,
    /** Debian with dnf, which has a repository of small packages in {@code /srv/rpms}. */
    DNF,
    /** Debian with the ssh servers dropbear and tinysshd, without OpenSSH and without sftp. */
    SERVERS,
    /** Debian with sshd, sudo and many login shells. */
    SHELLS,
    /** Debian with Python, pytest, pip and venv. */
    PYTHON;

    /** {@return the name of the image in podman} */
    public String reference() {
        return "localhost/atex-lab-" + name().toLowerCase(java.util.Locale.ROOT);
    }
}

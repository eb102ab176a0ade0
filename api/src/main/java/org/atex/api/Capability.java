package org.atex.api;

/**
 * The names of labels with a common meaning: what a system is and what a test may do with it. A test states what it
 * needs with a {@link Need}, and provisioners state what their systems offer.
 *
 * {@snippet :
 * TestCase test = TestCase.named("/kernel/kdump")
 *         .withNeed(Need.of(Capability.REBOOT, "yes"))
 *         .withNeed(Need.atLeast(Capability.MEMORY, "4 GiB"));
 * }
 *
 * <p>Nothing is assumed: a system without a label does not meet a need for it. If all systems of a provisioner have the
 * same value, {@link Provisioner#labels()} includes it, and a run with a test that no provisioner can satisfy is
 * refused before it starts. {@code SystemLabels} in the module {@code provision} reads most of these labels from a
 * system.
 */
public final class Capability {
    /** The architecture, as {@code uname -m} prints it, such as {@code x86_64}. */
    public static final String ARCH = "arch";

    /** The distribution and its version as in {@code /etc/os-release}, such as {@code fedora-42}. */
    public static final String DISTRO = "distro";

    /** The version of the distribution alone, such as {@code 9.4}, to be compared. */
    public static final String DISTRO_VERSION = "distro-version";

    /** The size of the memory, a number with a unit, such as {@code 3900 MiB}. */
    public static final String MEMORY = "memory";

    /** The number of processors. */
    public static final String CPUS = "cpus";

    /** {@code yes} if commands run as root, {@code no} otherwise. */
    public static final String ROOT = "root";

    /** {@code yes} if systemd runs as the first process, {@code no} otherwise. */
    public static final String SYSTEMD = "systemd";

    /** {@code yes} if tests may reboot the system and it comes back, {@code no} otherwise. */
    public static final String REBOOT = "reboot";

    /** {@code yes} if virtual machines can run on the system with hardware support, {@code no} otherwise. */
    public static final String VIRTUALIZATION = "virtualization";

    /** {@code fresh} if {@link Remote#reset()} restores the state before the first use, {@code no} if it does nothing. */
    public static final String RESET = "reset";

    /**
     * {@code yes} if the system is destroyed when it is given back, so that a test may damage it; {@code no} if the
     * same machine is used again.
     */
    public static final String THROWAWAY = "throwaway";

    /**
     * What the system is reserved for, such as {@code reruns}. It runs only tests with a need for this label. Systems
     * without this label run all tests that suit.
     */
    public static final String RESERVED = "reserved";

    private Capability() {}
}

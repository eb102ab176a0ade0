package org.atex.libvirt;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.atex.ssh.HostKeys;
import org.atex.ssh.SshOptions;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * The virtual machines of a {@link LibvirtProvisioner}. All paths are on the host, except where stated otherwise.
 * Immutable and thread-safe if its functions are: each {@code with…} method returns a changed copy.
 */
public final class GuestTemplate {
    @Nullable
    String image;

    @Nullable
    String kernel;

    @Nullable
    String initrd;

    String commandLine = "";

    @Nullable
    String domain;

    @Nullable
    String uri;

    String directory = "/var/tmp/atex-libvirt";
    DomainType type = DomainType.QEMU;
    Duration proveWithin = Duration.ofMinutes(1);
    int memory = 1024;
    int cpus = 1;
    GuestNetwork network = GuestNetwork.USER;

    GuestConnector connector =
            GuestConnector.ssh(SshOptions.defaults().withUser("root").withHostKeys(HostKeys.acceptAny()));

    @Nullable
    Path consoles;

    boolean lostOnPanic = true;
    boolean recorded;

    @Nullable
    GuestPreparation preparation;

    Map<String, String> environment = Map.of();

    private GuestTemplate() {}

    private GuestTemplate(GuestTemplate other) {
        image = other.image;
        kernel = other.kernel;
        initrd = other.initrd;
        commandLine = other.commandLine;
        domain = other.domain;
        uri = other.uri;
        directory = other.directory;
        type = other.type;
        proveWithin = other.proveWithin;
        memory = other.memory;
        cpus = other.cpus;
        network = other.network;
        connector = other.connector;
        consoles = other.consoles;
        lostOnPanic = other.lostOnPanic;
        recorded = other.recorded;
        preparation = other.preparation;
        environment = other.environment;
    }

    /**
     * {@return a template of virtual machines whose disk is an overlay of an image} The image is not written to.
     *
     * <p>The processor has all features of the host's with KVM, and all that QEMU knows without.
     *
     * @param path the image, in any format that {@code qemu-img} recognizes
     * @throws IllegalArgumentException if the path is not absolute
     */
    public static GuestTemplate image(String path) {
        GuestTemplate template = new GuestTemplate();
        template.image = absolute(path, "image");
        return template;
    }

    /**
     * {@return a template of virtual machines without a disk, which boot a kernel}
     *
     * @param kernel the kernel
     * @param initrd the initial file system
     * @param commandLine the command line of the kernel; {@code console=ttyS0} is needed for a console
     * @throws IllegalArgumentException if a path is not absolute
     */
    public static GuestTemplate kernel(String kernel, String initrd, String commandLine) {
        return new GuestTemplate().withKernel(kernel, initrd, commandLine);
    }

    /**
     * {@return a template of virtual machines like a domain that libvirt knows} The domain must be shut off. Each system
     * has its devices, overlays of its disks, and the network of this template. If it has the processor of the host and is
     * emulated, it has the one that an image would have.
     *
     * @param name the name of the domain
     * @throws IllegalArgumentException if the name is blank or begins with a hyphen
     */
    public static GuestTemplate domain(String name) {
        if (name.isBlank() || name.startsWith("-")) {
            throw new IllegalArgumentException("invalid name of a domain: '" + name + "'");
        }
        GuestTemplate template = new GuestTemplate();
        template.domain = name;
        return template;
    }

    private static String absolute(String path, String name) {
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException(name + " must be an absolute path on the host, not '" + path + "'");
        }
        return path;
    }

    /**
     * {@return a copy that boots a kernel instead of the boot loader of the image}
     *
     * @param path the kernel
     * @param initialFiles the initial file system
     * @param arguments the command line of the kernel
     * @throws IllegalArgumentException if a path is not absolute
     */
    public GuestTemplate withKernel(String path, String initialFiles, String arguments) {
        GuestTemplate copy = new GuestTemplate(this);
        copy.kernel = absolute(path, "kernel");
        copy.initrd = absolute(initialFiles, "initrd");
        copy.commandLine = arguments;
        return copy;
    }

    /**
     * {@return a copy for another libvirt than the one that {@code virsh} connects to by default}
     *
     * @param text a URI such as {@code qemu:///session}
     */
    public GuestTemplate withUri(String text) {
        GuestTemplate copy = new GuestTemplate(this);
        copy.uri = text;
        return copy;
    }

    /**
     * {@return a copy with a directory for overlays, consoles and frozen states; {@code /var/tmp/atex-libvirt} by default}
     * Libvirt must be able to reach it.
     *
     * @param path the directory, created if it is missing
     * @throws IllegalArgumentException if the path is not absolute
     */
    public GuestTemplate withDirectory(String path) {
        GuestTemplate copy = new GuestTemplate(this);
        copy.directory = absolute(path, "directory");
        return copy;
    }

    /**
     * {@return a copy with this type; {@link DomainType#QEMU} by default}
     *
     * @param value the type
     */
    public GuestTemplate withType(DomainType value) {
        GuestTemplate copy = new GuestTemplate(this);
        copy.type = value;
        return copy;
    }

    /**
     * {@return a copy with this limit for the boot that proves {@link DomainType#PROVEN}; 1 minute by default}
     *
     * @param limit the limit
     * @throws IllegalArgumentException if it is not positive
     */
    public GuestTemplate withProveWithin(Duration limit) {
        GuestTemplate copy = new GuestTemplate(this);
        copy.proveWithin = Arguments.positive(limit, "proveWithin");
        return copy;
    }

    /** {@return the limit for the boot that proves {@link DomainType#PROVEN}} */
    public Duration proveWithin() {
        return proveWithin;
    }

    /**
     * {@return a copy with this memory; 1024 MiB by default}
     *
     * @param mebibytes the memory in MiB, at least 32
     * @throws IllegalArgumentException if it is less
     */
    public GuestTemplate withMemory(int mebibytes) {
        GuestTemplate copy = new GuestTemplate(this);
        copy.memory = Arguments.atLeast(32, mebibytes, "memory");
        return copy;
    }

    /**
     * {@return a copy with this number of processors; 1 by default}
     *
     * @param count the number, at least 1
     * @throws IllegalArgumentException if it is less
     */
    public GuestTemplate withCpus(int count) {
        GuestTemplate copy = new GuestTemplate(this);
        copy.cpus = Arguments.atLeast(1, count, "cpus");
        return copy;
    }

    /**
     * {@return a copy with this network; {@link GuestNetwork#USER} by default}
     *
     * @param value the network
     */
    public GuestTemplate withNetwork(GuestNetwork value) {
        GuestTemplate copy = new GuestTemplate(this);
        copy.network = value;
        return copy;
    }

    /**
     * {@return a copy with this way to connect to systems; by default ssh as root, with the keys of the user}
     *
     * @param value the connector
     */
    public GuestTemplate withConnector(GuestConnector value) {
        GuestTemplate copy = new GuestTemplate(this);
        copy.connector = value;
        return copy;
    }

    /**
     * {@return a copy that keeps the consoles of all systems, as files {@code NAME.console.log}} Each is written while
     * the system runs, up to 64 MiB.
     *
     * @param local a directory of this machine, created if it is missing
     */
    public GuestTemplate withConsoles(Path local) {
        GuestTemplate copy = new GuestTemplate(this);
        copy.consoles = local;
        return copy;
    }

    /**
     * {@return a copy that leaves systems alone after a kernel panic} By default, a system whose console shows a kernel
     * panic is lost at once and stopped. Tests of crash dumps need it to go on.
     */
    public GuestTemplate withPanicAllowed() {
        GuestTemplate copy = new GuestTemplate(this);
        copy.lostOnPanic = false;
        return copy;
    }

    /**
     * {@return a copy that boots and prepares one virtual machine, freezes its memory and disks, and starts all systems
     * from this state} Clock, host name, machine id, ssh host keys and random numbers are renewed in each system.
     *
     * @param value prepares the virtual machine
     */
    public GuestTemplate withPreparation(GuestPreparation value) {
        GuestTemplate copy = new GuestTemplate(this);
        copy.preparation = value;
        return copy;
    }

    /**
     * {@return a copy whose virtual machines are recorded, so that a failure can be replayed instruction by instruction}
     * {@link Recordings} keeps the recordings of tests that fail.
     *
     * <p>A recorded virtual machine has one processor, which QEMU emulates, and is several times slower; its clock runs
     * ahead while it computes. It boots and is prepared for each system instead of being continued from a frozen state.
     * The recording grows by about 0.5 MB for each second, in the directory of the host. A replay takes about three
     * times as long.
     *
     * <p>The template must be one of an image or a kernel, and connections must go through the network: {@link
     * LibvirtProvisioner.Builder#build} refuses others, since QEMU does not record their devices.
     */
    public GuestTemplate withRecording() {
        GuestTemplate copy = new GuestTemplate(this);
        copy.recorded = true;
        return copy;
    }

    /**
     * {@return a copy with these environment variables of {@code virsh} and {@code qemu-img}, such as {@code PATH}}
     *
     * @param variables the variables
     */
    public GuestTemplate withEnvironment(Map<String, String> variables) {
        GuestTemplate copy = new GuestTemplate(this);
        copy.environment = Map.copyOf(variables);
        return copy;
    }

    /** {@return the image, domain or kernel, for messages and labels} */
    String source() {
        if (image != null) {
            return image;
        }
        return domain != null ? domain : String.valueOf(kernel);
    }
}

package org.atex.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/**
 * A JUnit extension for a static field: a libvirtd of its own, and the guests that {@code lab/guest} builds.
 *
 * <p>The daemon needs neither systemd nor a bridge. It has its own configuration, state and sockets: it sees other
 * directories in the places of those of a libvirtd of the host, which it does not disturb.
 *
 * <p>Lifecycle: it is stopped at the end of the class, with all virtual machines. What a killed test JVM has left is
 * removed by the next one. If a program is missing, the tests are skipped with the reason; with
 * {@code -Datex.required=true} they fail.
 *
 * <p>Thread safety: not thread-safe.
 */
public final class Libvirt implements BeforeAllCallback, AfterAllCallback {
    /**
     * The command line for the kernel of the guests. It leaves out self-tests and parts of which the guests make no use:
     * half of the time that the initcalls of an emulated kernel take. It also leaves out defences against faults of real
     * processors, with which an emulated one needs a sixth more time.
     */
    public static final String COMMAND_LINE =
            "console=ttyS0 quiet mitigations=off cryptomgr.notests initcall_blacklist="
                    + "init_kprobe_trace,load_system_certificate_list,crypto_kdf108_init,init_encrypted,cubictcp_register,"
                    + "slab_sysfs_init";

    private static final boolean REQUIRED = Boolean.getBoolean("atex.required");
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(Libvirt.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final String PREFIX = "atex-lab-libvirt-";

    /** Short, since the paths of sockets are limited to 107 bytes. */
    private static final Path PARENT = Path.of("/tmp");

    private static final List<String> PROGRAMS = List.of(
            "libvirtd",
            "virsh",
            "qemu-img",
            "qemu-system-x86_64",
            "unshare",
            "cpio",
            "mkfs.ext4",
            "mmdebstrap",
            "podman",
            "ssh-keygen");

    private static final String START = """
        cd "$1" && mkdir -p etc run lib log sock systems "$2" || exit
        cat >etc/libvirtd.conf <<END
        unix_sock_dir = "$1/sock"
        auth_unix_rw = "none"
        auth_unix_ro = "none"
        log_outputs = "3:file:$1/libvirtd.log"
        END
        if [ "$3" != root ]; then # as members of the group libvirt may on distributions
            printf '%s\\n' 'unix_sock_group = "atex-lab"' 'unix_sock_rw_perms = "0770"' >>etc/libvirtd.conf
        fi
        cat >etc/qemu.conf <<END
        user = "$3"
        group = "$3"
        security_driver = "none"
        cgroup_controllers = []
        namespaces = []
        remember_owner = 0
        stdio_handler = "file"
        END
        mkdir -p /etc/libvirt /run/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt || exit
        exec setsid unshare --mount --propagation private sh -c '
            mount --bind "$1/etc" /etc/libvirt && mount --bind "$1/run" /run/libvirt &&
            mount --bind "$1/lib" /var/lib/libvirt && mount --bind "$1/log" /var/log/libvirt &&
            mount --bind "$2" /var/cache/libvirt &&
            if [ "$3" != root ] && [ -e /dev/kvm ]; then
                # Libvirt asks QEMU for what it can do at each start if its user may not open the device.
                mknod -m 666 "$1/kvm" c 10 232 && mount --bind "$1/kvm" /dev/kvm
            fi &&
            exec libvirtd -f "$1/etc/libvirtd.conf" -p "$1/libvirtd.pid"' sh "$1" "$2" "$3" >"$1/output" 2>&1 </dev/null
        """;

    private final String user;
    private @Nullable Path directory;
    private @Nullable Path guest;
    private @Nullable Process daemon;

    /** Creates a libvirtd whose virtual machines run as root; register it with JUnit in a static field. */
    public Libvirt() {
        this("root");
    }

    private Libvirt(String user) {
        this.user = user;
    }

    /**
     * {@return a libvirtd as distributions configure it} Its virtual machines run as a user without privileges, and the
     * user {@code atex-lab} may use it.
     */
    public static Libvirt ofDistribution() {
        return new Libvirt("libvirt-qemu");
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        try {
            guest = context.getRoot()
                    .getStore(NAMESPACE)
                    .computeIfAbsent(Guest.class, key -> Guest.find(), Guest.class)
                    .directory();
            removeOrphans();
            directory = Files.createDirectory(PARENT.resolve(PREFIX + LabOwner.current()));
            start();
        } catch (IOException e) {
            if (REQUIRED) {
                throw new AssertionError("libvirt is required but not available: " + e.getMessage(), e);
            }
            throw new TestAbortedException("libvirt is not available: " + e.getMessage());
        }
    }

    /** The directory of the guests, or why there is none; determined once for all tests of a JVM. */
    private record Guest(@Nullable Path found, String problem) {
        static Guest find() {
            for (String program : PROGRAMS) {
                if (Stream.of("/usr/bin", "/usr/sbin", "/bin", "/sbin")
                        .noneMatch(place -> Files.isExecutable(Path.of(place, program)))) {
                    return new Guest(null, "there is no program " + program + ": run lab/install");
                }
            }
            try {
                String directory = Shell.runScript("guest").lines().reduce("", (first, last) -> last);
                return new Guest(Path.of(directory), "");
            } catch (IOException e) {
                return new Guest(null, String.valueOf(e.getMessage()));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new Guest(null, "interrupted while the guest was built");
            }
        }

        Path directory() throws IOException {
            if (found == null) {
                throw new IOException(problem);
            }
            return found;
        }
    }

    private static void removeOrphans() throws IOException, InterruptedException {
        for (Path files : LabOwner.orphans(PARENT, PREFIX)) {
            remove(files);
        }
    }

    /** {@return the URI of the daemon} */
    public String uri() {
        return "qemu+unix:///system?socket=" + directory().resolve("sock/libvirt-sock");
    }

    /** {@return a directory for the files of virtual machines} */
    public Path systems() {
        return directory().resolve("systems");
    }

    private Path directory() {
        if (directory == null) {
            throw new IllegalStateException("libvirt was not started: register it with JUnit in a static field");
        }
        return directory;
    }

    private Path guest() {
        directory();
        return Objects.requireNonNull(guest);
    }

    /** {@return the kernel of the guests} */
    public Path kernel() {
        return guest().resolve("vmlinuz");
    }

    /** {@return the initial file system of the guests} */
    public Path initrd() {
        return guest().resolve("initrd");
    }

    /** {@return the disk of the small guest, in the format qcow2} */
    public Path disk() {
        return guest().resolve("disk.qcow2");
    }

    /** {@return the disk of the guest with Debian and systemd, in the format qcow2} */
    public Path debianDisk() {
        return guest().resolve("debian.qcow2");
    }

    /** {@return the private key for root in the guests} */
    public Path key() {
        return guest().resolve("id");
    }

    /**
     * {@return the fingerprint of the host key of the small guest on its serial port}
     *
     * @throws IOException if it cannot be read
     */
    public String serialFingerprint() throws IOException {
        return Files.readString(guest().resolve("serial-fingerprint")).strip();
    }

    /**
     * Starts the daemon again after {@link #kill}.
     *
     * @throws IOException if it does not answer within 60 s
     * @throws InterruptedException if interrupted
     */
    public void start() throws IOException, InterruptedException {
        // What libvirt finds out about QEMU as this user takes it 8 s.
        Path cache = guest().resolveSibling("libvirt-cache-" + user);
        daemon = new ProcessBuilder("bash", "-c", START, "bash", directory().toString(), cache.toString(), user)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (Shell.execute(List.of("virsh", "-c", uri(), "version")).code() != 0) {
            if (System.nanoTime() > deadline || !daemon.isAlive()) {
                throw new IOException("libvirtd does not answer: "
                        + Files.readString(directory().resolve("output")));
            }
            LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
        }
    }

    /**
     * Kills the daemon. Its virtual machines go on.
     *
     * @throws InterruptedException if interrupted
     */
    public void kill() throws InterruptedException {
        if (daemon != null) {
            daemon.destroyForcibly().waitFor();
        }
    }

    /**
     * Runs virsh.
     *
     * @param arguments its arguments
     * @return its output
     * @throws IOException if it fails
     * @throws InterruptedException if interrupted
     */
    public String virsh(String... arguments) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("virsh", "--quiet", "-c", uri()));
        line.addAll(List.of(arguments));
        return Shell.run(line);
    }

    /** {@return the processes of the virtual machines that run} */
    public List<ProcessHandle> machines() {
        return processesOf(directory()).stream()
                .filter(process -> process.info().commandLine().orElse("").contains("guest="))
                .toList();
    }

    /** {@return the virtual machines that run, by the arguments of their processes} */
    public List<String> processes() {
        return machines().stream()
                .map(process -> process.info().commandLine().orElse(""))
                .toList();
    }

    private static List<ProcessHandle> processesOf(Path files) {
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            return all.filter(process -> process.info()
                            .commandLine()
                            .filter(line -> line.contains(files + "/")
                                    && (line.contains("qemu-system") || line.contains("libvirtd")))
                            .isPresent())
                    .toList();
        }
    }

    private static void remove(Path files) throws IOException, InterruptedException {
        for (ProcessHandle process : processesOf(files)) {
            process.destroyForcibly();
            process.onExit().join();
        }
        Shell.remove(files);
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        kill();
        if (directory != null) {
            remove(directory);
        }
    }
}

package org.atex.lab;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/**
 * Gives tests real systems: containers of the images that {@code lab/images} has built.
 *
 * <p>{@snippet :
 * class MyTest {
 *     @RegisterExtension
 *     final Lab lab = new Lab();
 *
 *     @Test
 *     void worksOnARealSystem() throws Exception {
 *         LabContainer container = lab.container();
 *     }
 * }
 * }
 *
 * <p>In an instance field, its systems are gone after each test; in a static one, after the last test of the class. Where
 * there is no podman, or where it cannot run the images, the test is skipped with the reason; with
 * {@code -Datex.required=true} it fails with it. What a killed test JVM left is removed by the next one.
 *
 * <p>Thread safety: from any thread.
 */
public final class Lab implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
    private static final boolean REQUIRED = Boolean.getBoolean("atex.required");
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(Lab.class);
    static final String OWNER = "atex.lab.owner";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Keeps a container there; it takes in orphans, as an init does, and ends at once when told to. */
    private static final String IDLE = "trap 'exit 0' TERM; while :; do sleep infinity & wait $!; done";

    /** For users other than root, whose file only root can read. */
    private static final String EVERYBODYS_KEYS = "/etc/ssh/authorized_keys";

    private static final String SSHD = "mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e"
            + " -oAuthorizedKeysFile='.ssh/authorized_keys " + EVERYBODYS_KEYS + "' \"$@\"";

    private final Deque<LabContainer> containers = new ConcurrentLinkedDeque<>();
    private @Nullable Path directory;
    private boolean ofTheClass;

    /** Makes one; register it with JUnit. */
    public Lab() {}

    /** What podman can do here, found out once for all tests of a JVM. */
    private record Readiness(Optional<String> obstacle) implements AutoCloseable {
        static Readiness find() {
            try {
                removeOrphans();
                for (LabImage image : LabImage.values()) {
                    if (Shell.ask(List.of("podman", "image", "exists", image.reference()))
                                    .code()
                            != 0) {
                        return new Readiness(Optional.of("there is no image " + image.reference()
                                + ": run lab/install and lab/images, the same way as the tests"));
                    }
                }
                String plain = LabImage.PLAIN.reference();
                Shell.run("podman", "run", "--rm", "--pull=never", "--label=" + label(), plain, "true");
                return new Readiness(Optional.empty());
            } catch (IOException e) {
                return new Readiness(Optional.of("podman does not work here: " + e.getMessage()
                        + " (lab/install installs it; CONTAINERS_CONF=lab/containers.conf may help)"));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new Readiness(Optional.of("interrupted while looking for podman"));
            }
        }

        @Override
        public void close() {}
    }

    /** By the number of a process and when it began, nobody is taken for another. */
    private static String label() {
        return OWNER + "=" + owner(ProcessHandle.current());
    }

    static String owner(ProcessHandle process) {
        return process.pid() + "-"
                + process.info()
                        .startInstant()
                        .map(start -> start.toEpochMilli())
                        .orElse(0L);
    }

    private static void removeOrphans() throws IOException, InterruptedException {
        String format = "{{.ID}} {{index .Labels \"" + OWNER + "\"}}";
        String all = Shell.run("podman", "ps", "--all", "--filter=label=" + OWNER, "--format=" + format);
        for (String line : all.lines().toList()) {
            String[] words = line.split(" ", -1);
            Optional<ProcessHandle> owner = ProcessHandle.of(Long.parseLong(words[1].replaceAll("-.*", "")));
            if (owner.map(Lab::owner).filter(words[1]::equals).isEmpty()) {
                new LabContainer(words[0]).close();
            }
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        ofTheClass = true;
        refuseIfUnable(context);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        refuseIfUnable(context);
    }

    private static void refuseIfUnable(ExtensionContext context) {
        Readiness found = context.getRoot()
                .getStore(NAMESPACE)
                .computeIfAbsent(Readiness.class, key -> Readiness.find(), Readiness.class);
        found.obstacle().ifPresent(obstacle -> {
            if (REQUIRED) {
                throw new AssertionError("the lab is required: " + obstacle);
            }
            throw new TestAbortedException("no lab: " + obstacle);
        });
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        if (!ofTheClass) {
            removeAll();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        removeAll();
    }

    private void removeAll() throws IOException {
        Deque<LabContainer> mine = new ArrayDeque<>();
        for (@Nullable LabContainer next; (next = containers.poll()) != null; ) {
            mine.push(next);
        }
        mine.parallelStream().forEach(LabContainer::close);
        synchronized (containers) {
            Path files = directory;
            directory = null;
            if (files != null) {
                try (Stream<Path> all = Files.walk(files)) {
                    for (Path file : all.sorted((a, b) -> b.compareTo(a)).toList()) {
                        Files.delete(file);
                    }
                }
            }
        }
    }

    /**
     * {@return a container that waits}
     *
     * @throws IOException if podman cannot
     * @throws InterruptedException if interrupted
     */
    public LabContainer container() throws IOException, InterruptedException {
        return container(LabImage.PLAIN);
    }

    /**
     * {@return a container that waits}
     *
     * @param image what is in it
     * @param options of {@code podman run}
     * @throws IOException if podman cannot
     * @throws InterruptedException if interrupted
     */
    public LabContainer container(LabImage image, String... options) throws IOException, InterruptedException {
        return run(image, List.of(options), List.of("bash", "-c", IDLE));
    }

    /**
     * {@return a container with systemd that has booted; a reboot inside starts it again}
     *
     * @throws IOException if podman cannot, or if it does not come up
     * @throws InterruptedException if interrupted
     */
    public LabContainer systemd() throws IOException, InterruptedException {
        LabContainer container =
                run(LabImage.SYSTEMD, List.of("--systemd=always", "--restart=always"), List.of("/sbin/init"));
        eventually("systemd is up in " + container, () -> {
            List<String> question =
                    List.of("podman", "exec", container.id(), "systemctl", "is-system-running", "--wait");
            return List.of("running", "degraded").contains(Shell.ask(question).text());
        });
        return container;
    }

    /**
     * {@return a container with sshd}
     *
     * @param options of sshd, such as {@code -oMaxSessions=2}
     * @throws IOException if podman cannot, or if sshd does not answer
     * @throws InterruptedException if interrupted
     */
    public SshSystem ssh(String... options) throws IOException, InterruptedException {
        return ssh(LabImage.SYSTEMD, options);
    }

    /**
     * {@return a container with sshd, which lets the key in as every user}
     *
     * @param image what is in it; it has sshd
     * @param options of sshd, such as {@code -oMaxSessions=2}
     * @throws IOException if podman cannot, or if sshd does not answer
     * @throws InterruptedException if interrupted
     */
    public SshSystem ssh(LabImage image, String... options) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("sh", "-c", SSHD, "sh"));
        line.addAll(List.of(options));
        return reached(run(image, List.of(letsUsIn(), letsIn(EVERYBODYS_KEYS)), line));
    }

    /**
     * {@return a container with systemd and sshd that has booted; a reboot inside starts it again}
     *
     * @throws IOException if podman cannot, or if it does not come up
     * @throws InterruptedException if interrupted
     */
    public SshSystem bootedSsh() throws IOException, InterruptedException {
        List<String> options = List.of("--systemd=always", "--restart=always", letsUsIn());
        return reached(run(LabImage.SYSTEMD, options, List.of("/sbin/init")));
    }

    /**
     * {@return a container with sshd that only another one reaches}
     *
     * @throws IOException if podman cannot, or if sshd does not answer
     * @throws InterruptedException if interrupted
     */
    public BehindJump behindJump() throws IOException, InterruptedException {
        SshSystem jump = ssh();
        SshSystem target = ssh();
        target.container().listenOnlyTo(jump.address());
        return new BehindJump(jump, target);
    }

    private SshSystem reached(LabContainer container) throws IOException, InterruptedException {
        String address = container.address();
        eventually("sshd of " + container + " answers on " + address, () -> {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(address, 22), 1000);
                return socket.getInputStream().read() == 'S';
            } catch (IOException e) {
                return false;
            }
        });
        String[] hostKey =
                container.exec("cat", "/etc/ssh/ssh_host_ed25519_key.pub").split(" ", -1);
        Path known = Files.writeString(
                directory().resolve(container.id() + ".known"), address + " " + hostKey[0] + " " + hostKey[1] + "\n");
        return new SshSystem(container, address, directory().resolve("id"), known);
    }

    private String letsUsIn() throws IOException, InterruptedException {
        return letsIn("/root/.ssh/authorized_keys");
    }

    private String letsIn(String file) throws IOException, InterruptedException {
        return "--volume=" + directory().resolve("id.pub") + ":" + file + ":ro";
    }

    /** {@return where the key and the known hosts are} */
    private Path directory() throws IOException, InterruptedException {
        synchronized (containers) {
            Path files = directory;
            if (files == null) {
                files = Files.createTempDirectory("lab-");
                Shell.run(
                        "ssh-keygen",
                        "-q",
                        "-t",
                        "ed25519",
                        "-N",
                        "",
                        "-f",
                        files.resolve("id").toString());
                directory = files;
            }
            return files;
        }
    }

    private LabContainer run(LabImage image, List<String> options, List<String> command)
            throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("podman", "run", "--detach", "--pull=never", "--label=" + label()));
        line.addAll(options);
        line.add(image.reference());
        line.addAll(command);
        LabContainer container = new LabContainer(Shell.run(line));
        containers.push(container);
        return container;
    }

    private interface Condition {
        boolean holds() throws IOException, InterruptedException;
    }

    /** Nobody tells when a system answers: it has to be asked. */
    private static void eventually(String what, Condition condition) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > deadline) {
                throw new IOException("waited " + PATIENCE.toSeconds() + " s in vain until " + what);
            }
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while waiting until " + what);
            }
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
    }
}

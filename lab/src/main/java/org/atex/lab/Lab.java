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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/**
 * A JUnit extension that provides real systems: containers of the images that {@code lab/images} builds.
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
 * <p>Lifecycle: in an instance field, the systems exist until the end of each test; in a static field, until the end of
 * the class. Containers of a killed test JVM are removed by the next one. If podman or an image is missing, the test is
 * skipped with the reason; with {@code -Datex.required=true} it fails.
 *
 * <p>Thread safety: thread-safe.
 */
public final class Lab implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
    private static final boolean REQUIRED = Boolean.getBoolean("atex.required");
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(Lab.class);
    static final String OWNER = "atex.lab.owner";
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    /** Keeps a container running. As its first process, the shell reaps orphans and ends at once on SIGTERM. */
    private static final String IDLE = "trap 'exit 0' TERM; while :; do sleep infinity & wait $!; done";

    /** For users other than root, since the file in root's home is readable by root only. */
    private static final String SHARED_AUTHORIZED_KEYS = "/etc/ssh/authorized_keys";

    private static final String SSHD = "mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e"
            + " -oAuthorizedKeysFile='.ssh/authorized_keys " + SHARED_AUTHORIZED_KEYS + "' \"$@\"";

    private final Deque<LabContainer> containers = new ConcurrentLinkedDeque<>();
    private @Nullable Path directory;
    private boolean inStaticField;

    /** Creates a lab; register it with JUnit. */
    public Lab() {}

    /** Whether podman and the images are usable; determined once for all tests of a JVM. */
    private record Availability(Optional<String> problem) implements AutoCloseable {
        static Availability find() {
            try {
                removeOrphans();
                var unused = Shell.runScript("images", "--await");
                List<String> images = Shell.run("podman", "images", "--noheading", "--format={{.Repository}}")
                        .lines()
                        .toList();
                for (LabImage image : LabImage.values()) {
                    if (!images.contains(image.reference())) {
                        return new Availability(Optional.of("there is no image " + image.reference()
                                + ": run lab/install and lab/images with the user and the environment of the tests"));
                    }
                }
                String plain = LabImage.PLAIN.reference();
                // Finds out whether the runtime can start containers at all.
                Shell.run("podman", "run", "--rm", "--pull=never", "--label=" + label(), plain, "true");
                return new Availability(Optional.empty());
            } catch (IOException e) {
                return new Availability(Optional.of("podman does not work: " + e.getMessage()
                        + " (lab/install installs it; CONTAINERS_CONF=lab/containers.conf may help)"));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new Availability(Optional.of("interrupted while podman was tried out"));
            }
        }

        @Override
        public void close() {}
    }

    private static String label() {
        return OWNER + "=" + LabOwner.current();
    }

    private static void removeOrphans() throws IOException, InterruptedException {
        String format = "{{.ID}} {{index .Labels \"" + OWNER + "\"}}";
        String all = Shell.run("podman", "ps", "--all", "--filter=label=" + OWNER, "--format=" + format);
        for (String line : all.lines().toList()) {
            String[] words = line.split(" ", -1);
            if (LabOwner.hasEnded(words[1])) {
                new LabContainer(words[0]).close();
            }
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        inStaticField = true;
        requireLab(context);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        requireLab(context);
    }

    private static void requireLab(ExtensionContext context) {
        Availability found = context.getRoot()
                .getStore(NAMESPACE)
                .computeIfAbsent(Availability.class, key -> Availability.find(), Availability.class);
        found.problem().ifPresent(problem -> {
            if (REQUIRED) {
                throw new AssertionError("the lab is required but not available: " + problem);
            }
            throw new TestAbortedException("the lab is not available: " + problem);
        });
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        if (!inStaticField) {
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
     * Starts a container that waits and has no network.
     *
     * @return the container
     * @throws IOException if podman fails
     * @throws InterruptedException if interrupted
     */
    public LabContainer container() throws IOException, InterruptedException {
        return container(LabImage.PLAIN);
    }

    /**
     * Starts a container that waits.
     *
     * @param image its image
     * @param options options of {@code podman run}; without {@code --network=…} it has no network
     * @return the container
     * @throws IOException if podman fails
     * @throws InterruptedException if interrupted
     */
    public LabContainer container(LabImage image, String... options) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of(options));
        if (all.stream().noneMatch(option -> option.startsWith("--network"))) {
            all.add("--network=none"); // a network takes longer to set up than all else
        }
        return run(image, all, List.of("bash", "-c", IDLE));
    }

    /**
     * Starts a container with systemd and waits until it has booted. A reboot from inside starts it again.
     *
     * @return the container
     * @throws IOException if podman fails, or if systemd is not up within 60 s
     * @throws InterruptedException if interrupted
     */
    public LabContainer systemd() throws IOException, InterruptedException {
        LabContainer container =
                run(LabImage.SYSTEMD, List.of("--systemd=always", "--restart=always"), List.of("/sbin/init"));
        Waiting.await("systemd is up in " + container, TIMEOUT, () -> {
            List<String> command =
                    List.of("podman", "exec", container.id(), "systemctl", "is-system-running", "--wait");
            return List.of("running", "degraded")
                    .contains(Shell.execute(command).text());
        });
        return container;
    }

    /**
     * Starts a container with sshd.
     *
     * @param options options of sshd, such as {@code -oMaxSessions=2}
     * @return the system
     * @throws IOException if podman fails, or if sshd does not answer within 60 s
     * @throws InterruptedException if interrupted
     */
    public SshSystem ssh(String... options) throws IOException, InterruptedException {
        return ssh(LabImage.SYSTEMD, options);
    }

    /**
     * Starts a container with sshd, which accepts the key for every user.
     *
     * @param image its image, which must have sshd
     * @param options options of sshd, such as {@code -oMaxSessions=2}
     * @return the system
     * @throws IOException if podman fails, or if sshd does not answer within 60 s
     * @throws InterruptedException if interrupted
     */
    public SshSystem ssh(LabImage image, String... options) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("sh", "-c", SSHD, "sh"));
        line.addAll(List.of(options));
        return awaitSshd(run(image, List.of(mountRootKey(), mountKey(SHARED_AUTHORIZED_KEYS)), line));
    }

    /**
     * Starts a container with systemd and sshd, and waits until sshd answers. A reboot from inside starts it again.
     *
     * @return the system
     * @throws IOException if podman fails, or if sshd does not answer within 60 s
     * @throws InterruptedException if interrupted
     */
    public SshSystem bootedSsh() throws IOException, InterruptedException {
        List<String> options = List.of("--systemd=always", "--restart=always", mountRootKey());
        return awaitSshd(run(LabImage.SYSTEMD, options, List.of("/sbin/init")));
    }

    /**
     * Starts a container with sshd that is reachable from another one only.
     *
     * @return both systems
     * @throws IOException if podman fails, or if sshd does not answer within 60 s
     * @throws InterruptedException if interrupted
     */
    public BehindJump behindJump() throws IOException, InterruptedException {
        SshSystem jump = ssh();
        SshSystem target = ssh();
        target.container().acceptOnlyFrom(jump.address());
        return new BehindJump(jump, target);
    }

    private SshSystem awaitSshd(LabContainer container) throws IOException, InterruptedException {
        String address = container.address();
        Waiting.await("sshd of " + container + " answers on " + address, TIMEOUT, () -> {
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

    private String mountRootKey() throws IOException, InterruptedException {
        return mountKey("/root/.ssh/authorized_keys");
    }

    private String mountKey(String file) throws IOException, InterruptedException {
        return "--volume=" + directory().resolve("id.pub") + ":" + file + ":ro";
    }

    /** {@return the directory of the key and the known hosts} */
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
}

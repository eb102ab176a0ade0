package org.atex.lab;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Podman's own service, over which programs that know Docker's interface start containers: Testcontainers finds it by the
 * variable {@code DOCKER_HOST}, which the test JVM must have from the beginning. Containers that are started so get
 * {@link #labels()}, so that what a killed test JVM left is removed by the next one.
 *
 * <p>Thread safety: one thread at a time.
 */
public final class PodmanSocket implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Path socket;
    private final Process service;

    private PodmanSocket(Path socket, Process service) {
        this.socket = socket;
        this.service = service;
    }

    /**
     * {@return the service, which listens where {@code DOCKER_HOST} says}
     *
     * @throws IOException if it does not start
     */
    public static PodmanSocket open() throws IOException {
        String where = System.getenv("DOCKER_HOST");
        if (where == null || !where.startsWith("unix://")) {
            throw new IOException("DOCKER_HOST names no socket for podman's service, but " + where
                    + ": run these tests by maven, which sets it");
        }
        Path socket = Path.of(where.substring("unix://".length()));
        Files.deleteIfExists(socket);
        Process service = new ProcessBuilder("podman", "system", "service", "--time=0", "unix://" + socket)
                .inheritIO()
                .start();
        PodmanSocket opened = new PodmanSocket(socket, service);
        boolean answers = false;
        try {
            opened.awaitAnswer();
            answers = true;
            return opened;
        } finally {
            if (!answers) {
                opened.close();
            }
        }
    }

    /** {@return what Testcontainers labels its containers with} */
    public static Map<String, String> labels() {
        return Map.of(Lab.OWNER, Lab.owner(ProcessHandle.current()));
    }

    /** Nobody tells when it listens. */
    private void awaitAnswer() throws IOException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!answers()) {
            if (!service.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("podman's service does not answer on " + socket);
            }
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
    }

    private boolean answers() {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        service.destroy();
        service.onExit().orTimeout(10, TimeUnit.SECONDS).join();
        Files.deleteIfExists(socket);
    }
}

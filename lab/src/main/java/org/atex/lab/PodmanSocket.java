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
 * Podman's API service, which serves the Docker API for programs such as Testcontainers. Testcontainers finds it
 * through the variable {@code DOCKER_HOST}, which must be set when the test JVM starts. Its containers must get {@link
 * #labels()}, so that the next test JVM removes those of a killed one.
 *
 * <p>Thread safety: not thread-safe.
 */
public final class PodmanSocket implements AutoCloseable {
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Path socket;
    private final Process service;

    private PodmanSocket(Path socket, Process service) {
        this.socket = socket;
        this.service = service;
    }

    /**
     * {@return the running service, which listens on the socket that {@code DOCKER_HOST} names}
     *
     * @throws IOException if it does not start
     */
    public static PodmanSocket open() throws IOException {
        String where = System.getenv("DOCKER_HOST");
        if (where == null || !where.startsWith("unix://")) {
            throw new IOException("DOCKER_HOST must name a unix socket for podman's service, not " + where
                    + ": run these tests with Maven, which sets it");
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

    /** {@return the labels for containers that Testcontainers starts} */
    public static Map<String, String> labels() {
        return Map.of(Lab.OWNER, LabOwner.current());
    }

    /** Polls the socket: the service does not report that it listens. */
    private void awaitAnswer() throws IOException {
        long deadline = System.nanoTime() + TIMEOUT_NANOS;
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

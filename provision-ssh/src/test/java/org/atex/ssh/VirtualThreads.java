package org.atex.ssh;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.atex.testkit.Call;

/** The virtual threads of links, which {@code Thread.getAllStackTraces} does not list. */
final class VirtualThreads {
    private static final AtomicInteger DUMPS = new AtomicInteger();

    private VirtualThreads() {}

    /** {@return the stack trace of each thread} */
    static List<String> ofLinks() {
        Path dump = Path.of(System.getProperty("java.io.tmpdir"), "threads-" + DUMPS.incrementAndGet())
                .toAbsolutePath();
        try {
            Files.deleteIfExists(dump);
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                    .dumpThreads(dump.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
            return List.of(Files.readString(dump).split("\n\n", -1)).stream()
                    .filter(thread -> thread.contains("\"atex-ssh-"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            dump.toFile().delete();
        }
    }

    /** Waits until all of them have ended. */
    static void awaitNone() {
        try {
            Call.eventually("all virtual threads of links end", () -> ofLinks().isEmpty());
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ":\n" + String.join("\n", ofLinks()), e);
        }
    }
}

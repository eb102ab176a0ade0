package org.atex.reportportal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.lab.ChildJvm;
import org.atex.reportportal.FakePortal.Fault;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sends results from another JVM that is killed, or has a small heap. */
@Timeout(600)
class CrashTest {
    @TempDir
    Path directory;

    private FakePortal portal;

    @BeforeEach
    void startPortal() throws IOException {
        portal = new FakePortal();
    }

    @AfterEach
    void closePortal() {
        portal.close();
    }

    private Path spool() {
        return directory.resolve("spool");
    }

    private void failSometimes(Random random) {
        portal.fail(request -> {
            synchronized (random) {
                return switch (random.nextInt(12)) {
                    case 0 -> Fault.CUT_AFTER;
                    case 1 -> Fault.UNAVAILABLE;
                    default -> Fault.NONE;
                };
            }
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void whatKilledProgramsLeftIsSentOnce(long seed) throws Exception {
        Random random = new Random(seed);
        failSometimes(random);
        int ingested = ingestUntilKilled(1 + random.nextInt(60));
        for (int kill = 0; kill < 2; kill++) {
            Process process = start("64m", "resend");
            portal.awaitRequests(portal.requests().size() + 1 + random.nextInt(40), process);
            process.toHandle().destroyForcibly();
            process.waitFor();
        }
        portal.fail(request -> Fault.NONE);
        int unused = ReportPortalAggregator.resend(spool(), Portals.project(portal.endpoint()), Portals.options());

        assertThat(portal.violations()).isEmpty();
        assertThat(portal.launches()).hasSize(1);
        assertComplete(IntStream.range(0, ingested));
        try (Stream<Path> left = Files.list(spool())) {
            assertThat(left).as("the spool after all is sent").isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {4, 5})
    void resumedRunStoresEachAttemptOnce(long seed) throws Exception {
        Random random = new Random(seed);
        failSometimes(random);
        int ingested = ingestUntilKilled(1 + random.nextInt(40));
        portal.fail(request -> Fault.NONE);

        // The caller does not know which of the last attempts were stored, and stores them again.
        int all = ingested + 5;
        try (var aggregator =
                ReportPortalAggregator.open(spool(), Portals.project(portal.endpoint()), Portals.options())) {
            aggregator.resume();
            for (int i = 0; i < all; i++) {
                aggregator.ingest(SendingProgram.record(i), SendingProgram.artifacts(directory));
            }
        }

        assertThat(portal.violations()).isEmpty();
        assertThat(portal.launches()).hasSize(1);
        assertComplete(IntStream.range(0, all));
        assertThat(portal.tests()).hasSize(all);
    }

    /** Checks that tests arrived once, with all their logs. A test that was running may have arrived as interrupted. */
    private void assertComplete(IntStream numbers) {
        assertThat(portal.tests()).extracting(FakePortal.Item::name).doesNotHaveDuplicates();
        numbers.forEach(i -> {
            FakePortal.Item test = portal.item("/t/" + i);
            assertThat(test.status()).isEqualTo("PASSED");
            assertThat(portal.logs(test))
                    .extracting(FakePortal.Log::message)
                    .containsExactly("other.bin (2000 bytes)", "output.txt:\nsome output");
        });
    }

    @Test
    void fileLargerThanTheHeapIsStreamed() throws Exception {
        Process process = start("64m", "large");
        try (BufferedReader lines = process.inputReader()) {
            assertThat(lines.lines()).containsExactly("done");
        }
        assertThat(process.waitFor()).isZero();

        assertThat(portal.violations()).isEmpty();
        assertThat(portal.logs(portal.item("/t/1")))
                .extracting(FakePortal.Log::fileBytes)
                .contains(200L << 20);
    }

    private int ingestUntilKilled(int after) throws IOException, InterruptedException {
        Process process = start("64m", "endless");
        return ChildJvm.linesUntilKilled(process, after);
    }

    private Process start(String heap, String program) throws IOException {
        return ChildJvm.start(
                directory.resolve("scratch"),
                ChildJvm.command(
                        heap,
                        SendingProgram.class,
                        program,
                        spool().toString(),
                        portal.endpoint().toString()));
    }
}

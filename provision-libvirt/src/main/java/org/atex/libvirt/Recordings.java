package org.atex.libvirt;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.atex.api.Artifacts;
import org.atex.api.AtexException;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.Remote;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.artifacts.ResultWriter;

/**
 * Keeps the recording of a virtual machine on which a test failed, see {@link GuestTemplate#withRecording()}.
 *
 * {@snippet :
 * builder.with(Recordings.around(FmfExecutor.factory(tests)))
 *         .on(Source.of(systems))
 *         .on(Source.of(recordedSystems)) // with the label Capability.RESERVED
 *         .reruns(RerunPolicy.maxReruns(1, Outcome.FAILED)
 *                 .with(Rerun.last().withNeed(Need.of(Capability.RESERVED, "recording"))));
 * }
 *
 * <p>After a test that neither passed nor was skipped, the virtual machine is stopped, and the artifacts of the test get
 * two files as a result named {@code recording}: {@code recording}, which begins with the boot of the virtual machine,
 * and {@code replay.sh}. {@code bash replay.sh} on a host with the same images and the same QEMU does all of it again and
 * prints the console; {@code bash replay.sh -s -S} waits for a debugger.
 *
 * <p>Tests on other systems run as without it. Lifecycle and thread safety are those of {@link Executor.Factory}.
 */
public final class Recordings {
    private static final String PART = "recording";

    private Recordings() {}

    /**
     * {@return a factory of executors that keep the recordings of tests that fail}
     *
     * @param executors opens the executors that run the tests
     */
    public static Executor.Factory around(Executor.Factory executors) {
        return new Executor.Factory() {
            @Override
            public Executor open(Remote system) throws InterruptedException {
                Executor executor = executors.open(system);
                return system.connection() instanceof GuestConnection guest && guest.recorder() != null
                        ? new Recorded(executor, guest.recorder())
                        : executor;
            }

            @Override
            public List<String> warnings() {
                return executors.warnings();
            }
        };
    }

    private record Recorded(Executor executor, GuestConnection.Recorder recorder) implements Executor {
        @Override
        public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
            TestEnd end = executor.run(test, into);
            if (end.outcome() == Outcome.PASSED || end.outcome() == Outcome.SKIPPED) {
                return end;
            }
            String note;
            try {
                note = save(into);
            } catch (AtexException | IllegalStateException e) {
                // The end of the test is more important.
                note = "its recording could not be kept: " + e.getMessage();
            } catch (IOException e) {
                throw new UncheckedIOException("could not store the recording of " + test.name() + " in " + into, e);
            }
            return end.plusNote(note).withSystemUsable(false); // the virtual machine has ended
        }

        private String save(Artifacts into) throws IOException, InterruptedException {
            Path directory = Files.createDirectories(into.files().resolve(PART));
            recorder.save(directory);
            try (ResultWriter results = ResultWriter.append(into.results())) {
                List<String> files = List.of(Recording.LOG, Recording.SCRIPT);
                results.write(ReportedResult.of(Status.INFO, "bash replay.sh replays the virtual machine", files)
                        .withName(PART));
            }
            return "its virtual machine was recorded: " + PART + "/" + Recording.SCRIPT;
        }

        @Override
        public void close() {
            executor.close();
        }
    }
}

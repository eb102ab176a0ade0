package org.atex.podman;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.atex.support.Deadline;
import org.atex.support.ProcessIdentity;
import org.atex.support.SystemOwner;
import org.atex.support.UninterruptibleSection;

/** Runs podman on this machine. Stateless. */
final class ThisMachine implements PodmanHost {
    private static final Duration TERMINATION_TIMEOUT = Duration.ofSeconds(10);

    @Override
    public String name() {
        return "this machine";
    }

    @Override
    public String describe(String container) {
        return "container " + container;
    }

    @Override
    public End run(List<String> line, String name, Duration within, Consumer<String> progress)
            throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(line).redirectInput(new File("/dev/null")).start();
        try {
            FutureTask<String> output = Podman.readAsync(() -> Podman.text(process.getInputStream()));
            FutureTask<String> errors = Podman.readAsync(() -> Podman.readLines(process.getErrorStream(), progress));
            if (!process.waitFor(TimeUnit.NANOSECONDS.convert(within), TimeUnit.NANOSECONDS)) {
                throw Podman.timeout(name, within);
            }
            String errorOutput = Podman.result(errors);
            return new End(process.exitValue(), process.exitValue() == 0 ? Podman.result(output) : "", errorOutput);
        } finally {
            terminate(process);
        }
    }

    /**
     * Sends SIGTERM, on which podman completes or reverts its current step, so that no partly created container
     * remains. Sends SIGKILL after 10 s.
     */
    private static void terminate(Process process) {
        if (!process.isAlive()) {
            return;
        }
        process.destroy();
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            var unused = section.awaitDone(process.onExit(), Deadline.in(TERMINATION_TIMEOUT));
            process.destroyForcibly();
        }
    }

    @Override
    public ShellStreams startShell(List<String> line, Executor threads) throws IOException {
        return ShellStreams.ofProcess(line);
    }

    @Override
    public Pipes openPipes(long process, Path directory) throws IOException {
        return PipeDirectory.open(process, directory);
    }

    @Override
    public String shellMode() {
        return "";
    }

    @Override
    public boolean isAlive(long process) {
        return Files.exists(Path.of("/proc/" + process));
    }

    @Override
    public int processors() {
        return Runtime.getRuntime().availableProcessors();
    }

    @Override
    public void reconnect(Duration within) {
        // This machine is always reachable.
    }

    @Override
    public List<String> loginLine(List<String> line) {
        return List.copyOf(line);
    }

    @Override
    public String owner() {
        return ProcessIdentity.current().toString();
    }

    @Override
    public boolean hasEnded(String owner) {
        // The second form is that of a program that reached this machine by a connection.
        return ProcessIdentity.hasEnded(owner) || SystemOwner.hasEnded(owner);
    }
}

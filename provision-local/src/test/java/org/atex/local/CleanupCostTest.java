package org.atex.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.atex.api.Command;
import org.atex.api.RunningCommand;
import org.atex.testkit.Call;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The cost of ending a command does not depend on the number of unrelated processes. The test counts the files of
 * {@code /proc} that are read, since the time depends on the machine.
 */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class CleanupCostTest {
    // More than the number of process ids that are examined one by one.
    private static final int UNRELATED = 600;

    private static final String STARTS =
            "for ((i = 0; i < " + UNRELATED + "; i++)); do sleep 1000 & echo $!; done; echo; ";

    @ParameterizedTest
    @ValueSource(strings = {"read line", "exec >&- 2>&-"})
    void endingACommandDoesNotReadUnrelatedProcesses(String parentScript) throws Exception {
        assumeTrue(Proc.isAvailable() && Proc.listsChildren(), "there is no /proc, or it does not list children");
        List<Long> unrelated = new ArrayList<>();
        Process shell = null;
        try (LocalConnection connection = LocalConnection.open()) {
            RunningCommand first = connection.start(Command.of("sleep", "1000"));
            RunningCommand second = connection.start(Command.bash("setsid sleep 1000 & echo $!; exec sleep 1000"));
            RunningCommand third = connection.start(Command.bash("setsid sleep 1000 & echo $!"));
            long daemon = readPid(second);
            long orphan = readPid(third);
            third.await();

            // Depending on the parameter, the unrelated processes are children of a running parent, or orphans.
            shell = new ProcessBuilder("bash", "-c", STARTS + parentScript)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            BufferedReader output = shell.inputReader();
            for (String line; !(line = output.readLine()).isEmpty(); ) {
                unrelated.add(Long.parseLong(line));
            }
            if (!parentScript.startsWith("read")) {
                shell.waitFor();
            }
            first.close(); // this search examines the unrelated processes and remembers them

            Set<String> unrelatedPids = unrelated.stream().map(String::valueOf).collect(Collectors.toSet());
            AtomicInteger reads = new AtomicInteger();
            Consumer<String> reader = name -> {
                if (unrelatedPids.contains(name.replaceFirst("/.*", ""))) {
                    reads.incrementAndGet();
                }
            };
            Proc.READERS.add(reader);
            second.close();
            third.close();

            // Each search checks one remembered process, so the number is not 0.
            assertThat(reads.get())
                    .as("reads of files of %d unrelated processes to end two commands", UNRELATED)
                    .isLessThan(UNRELATED / 2);
            Call.eventually(
                    "the background processes of the commands have ended", () -> !runs(daemon) && !runs(orphan));
            assertThat(unrelated).hasSize(UNRELATED).allMatch(CleanupCostTest::runs);
        } finally {
            Proc.READERS.clear();
            unrelated.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
            if (shell != null) {
                shell.destroyForcibly().waitFor();
            }
        }
    }

    private static long readPid(RunningCommand command) throws Exception {
        StringBuilder line = new StringBuilder();
        for (int c; (c = command.stdout().read()) > '\n'; ) {
            line.append((char) c);
        }
        return Long.parseLong(line.toString());
    }

    private static boolean runs(long pid) {
        Proc.Stat stat = Proc.stat(pid);
        return stat != null && !stat.dead();
    }
}

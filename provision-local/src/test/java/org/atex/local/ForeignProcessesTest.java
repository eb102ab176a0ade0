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
 * Ending a command costs the same however many processes others have: bounded by how many files of {@code /proc} are read,
 * as time depends on the machine.
 */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class ForeignProcessesTest {
    /** More than what is looked at one by one. */
    private static final int FOREIGN = 600;

    private static final String STARTS =
            "for ((i = 0; i < " + FOREIGN + "; i++)); do sleep 1000 & echo $!; done; echo; ";

    @ParameterizedTest
    @ValueSource(strings = {"read line", "exec >&- 2>&-"})
    void endingACommandReadsNothingOfForeignProcesses(String thenTheirParent) throws Exception {
        assumeTrue(Proc.isThere() && Proc.listsChildren(), "no /proc here, or none that lists children");
        List<Long> foreign = new ArrayList<>();
        Process shell = null;
        try (LocalConnection connection = LocalConnection.open()) {
            RunningCommand first = connection.start(Command.of("sleep", "1000"));
            RunningCommand second = connection.start(Command.bash("setsid sleep 1000 & echo $!; exec sleep 1000"));
            RunningCommand third = connection.start(Command.bash("setsid sleep 1000 & echo $!"));
            long daemon = number(second);
            long orphan = number(third);
            third.await();

            // Children of one that lives, then children of one that has died.
            shell = new ProcessBuilder("bash", "-c", STARTS + thenTheirParent)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            BufferedReader said = shell.inputReader();
            for (String line; !(line = said.readLine()).isEmpty(); ) {
                foreign.add(Long.parseLong(line));
            }
            if (!thenTheirParent.startsWith("read")) {
                shell.waitFor();
            }
            first.close(); // now it is known who is a stranger

            Set<String> strangers = foreign.stream().map(String::valueOf).collect(Collectors.toSet());
            AtomicInteger reads = new AtomicInteger();
            Consumer<String> reader = name -> {
                if (strangers.contains(name.replaceFirst("/.*", ""))) {
                    reads.incrementAndGet();
                }
            };
            Proc.READERS.add(reader);
            second.close();
            third.close();

            // Each look at the orphans reads of one whether it is still the same.
            assertThat(reads.get())
                    .as("files of %d foreign processes that were read to end two commands", FOREIGN)
                    .isLessThan(FOREIGN / 2);
            Call.eventually("what the commands left is gone", () -> !runs(daemon) && !runs(orphan));
            assertThat(foreign).hasSize(FOREIGN).allMatch(ForeignProcessesTest::runs);
        } finally {
            Proc.READERS.clear();
            foreign.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
            if (shell != null) {
                shell.destroyForcibly().waitFor();
            }
        }
    }

    private static long number(RunningCommand command) throws Exception {
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

package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which processes are taken for those of a command: by their lines in {@code /proc/PID/stat}, grep says it. */
@Timeout(20)
class ProcessReaperTest {
    private static boolean isOf(long process, String line) throws Exception {
        Process grep = new ProcessBuilder("grep", "-qE", "-e", ProcessReaper.sessionsOf(List.of(77L, process))).start();
        grep.getOutputStream().write((line + "\n").getBytes(UTF_8));
        grep.getOutputStream().close();
        return grep.waitFor() == 0;
    }

    @Test
    void childrenGroupsAndSessionsAreOfIt() throws Exception {
        assertThat(isOf(312, "400 (sh) S 312 400 400 0 -1")).as("a child").isTrue();
        assertThat(isOf(312, "400 (sh) S 1 312 400 0 -1")).as("in its group").isTrue();
        assertThat(isOf(312, "312 (sh) R 1 312 312 0 -1")).as("in its session").isTrue();
        assertThat(isOf(312, "400 (a ) (b) S 312 400 400 0 -1"))
                .as("an odd name")
                .isTrue();
    }

    @Test
    void numbersThatOnlyHoldItsNumberAreNot() throws Exception {
        assertThat(isOf(312, "400 (sh) S 4312 4312 4312 0 -1"))
                .as("at their ends")
                .isFalse();
        assertThat(isOf(312, "400 (sh) S 3124 3124 3124 0 -1"))
                .as("at their beginnings")
                .isFalse();
        assertThat(isOf(1, "312 (sh) S 21 312 11 0 -1")).as("of one digit").isFalse();
    }

    @Test
    void othersAreNot() throws Exception {
        assertThat(isOf(312, "312 (sh) S 1 300 300 0 -1"))
                .as("what has its number now")
                .isFalse();
        assertThat(isOf(312, "400 (sh) S 1 400 400 312 312 312"))
                .as("a terminal")
                .isFalse();
        assertThat(isOf(312, "400 (sh) Z 312 312 312 0 -1")).as("what is dead").isFalse();
    }

    /** Asks a keeper of this machine whether a shell that ended after a script may have left something. */
    private static String look(String script) throws Exception {
        Process keeper = new ProcessBuilder("sh", "-c", ProcessReaper.script(";none-")).start();
        try (BufferedReader said = keeper.inputReader();
                BufferedWriter asked = keeper.outputWriter()) {
            assertThat(said.readLine()).startsWith("atex-keeper ");
            Process shell = new ProcessBuilder("sh", "-c", script).inheritIO().start();
            shell.waitFor();
            asked.write("7 look " + shell.pid() + "\n");
            asked.flush();
            return said.readLine();
        } finally {
            keeper.destroy();
        }
    }

    @Test
    void whatLeftNothingIsKnownToHaveLeftNothing() throws Exception {
        // Others on the machine may leave something in the same moment, and then it cannot be known.
        String said = "";
        for (int i = 0; i < 100 && !said.equals("7 0"); i++) {
            said = look("true");
        }
        assertThat(said).as("a hundred times").isEqualTo("7 0");
    }

    @Test
    void whatItLeftIsSeen() throws Exception {
        Path lock = Files.createTempFile("atex-", ".fifo");
        Files.delete(lock);
        assertThat(new ProcessBuilder("mkfifo", lock.toString()).start().waitFor())
                .isZero();
        try {
            String daemon = "(setsid sh -c 'read line < " + lock + "' >/dev/null 2>&1 &)";
            assertThat(look(daemon)).as("of one that waits, far from home").isEqualTo("7 1");
        } finally {
            new ProcessBuilder("sh", "-c", ": > " + lock).start().waitFor();
            Files.delete(lock);
        }
    }

    /** Commands are found among their own descendants and the orphans, whoever else has processes. */
    @ParameterizedTest
    @ValueSource(strings = {"bash", "sh"})
    void descendantsAndOrphansAreEndedAndStrangersAreNot(String shell) throws Exception {
        String mark = ";keeper" + ProcessHandle.current().pid() + shell + "-";
        List<Process> started = new ArrayList<>();
        Process keeper = new ProcessBuilder(shell, "-c", ProcessReaper.script(mark)).start();
        started.add(keeper);
        try (BufferedReader said = keeper.inputReader();
                BufferedWriter asked = keeper.outputWriter()) {
            assertThat(said.readLine()).startsWith("atex-keeper ");
            Process stranger = command("", "exec sleep 1000");
            started.add(stranger);
            stranger.inputReader().readLine();
            for (String end : List.of("", "; exec sleep 1000")) {
                Process command = command(mark + "1;", "(setsid sleep 1000 & echo $!); (sleep 1000 & echo $!)" + end);
                started.add(command);
                List<Long> left = new ArrayList<>();
                BufferedReader numbers = command.inputReader();
                numbers.readLine();
                left.add(Long.parseLong(numbers.readLine()));
                left.add(Long.parseLong(numbers.readLine()));
                if (end.isEmpty()) {
                    command.waitFor(); // and its number may be another's by now
                }
                asked.write("7 end " + mark + "1; "
                        + (end.isEmpty()
                                ? "^no-such \n"
                                : ProcessReaper.sessionsOf(List.of(command.pid())) + " " + command.pid() + "\n"));
                asked.flush();
                assertThat(said.readLine()).isEqualTo("7 0");
                assertThat(left).allMatch(ProcessReaperTest::isOver);
            }
            asked.write("8 end " + mark + " ^no-such all\n");
            asked.flush();
            assertThat(said.readLine()).isEqualTo("8 0");
            assertThat(stranger.isAlive()).isTrue();
        } finally {
            started.forEach(Process::destroyForcibly);
        }
    }

    private static Process command(String mark, String script) throws Exception {
        ProcessBuilder builder = new ProcessBuilder("setsid", "bash", "-c", "echo $$; " + script);
        builder.environment().put(CommandLine.VARIABLE, mark);
        return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private static boolean isOver(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            return "ZX".indexOf(stat.charAt(stat.lastIndexOf(')') + 2)) >= 0;
        } catch (IOException e) {
            return true;
        }
    }
}

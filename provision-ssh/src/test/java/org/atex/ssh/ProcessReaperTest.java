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

/**
 * The selection of a command's processes: by lines of {@code /proc/PID/stat}, matched by grep, and by a reaper's
 * script.
 */
@Timeout(120)
class ProcessReaperTest {
    private static boolean matches(long process, String line) throws Exception {
        Process grep = new ProcessBuilder("grep", "-qE", "-e", ProcessReaper.sessionsOf(List.of(77L, process))).start();
        grep.getOutputStream().write((line + "\n").getBytes(UTF_8));
        grep.getOutputStream().close();
        return grep.waitFor() == 0;
    }

    @Test
    void childrenAndMembersOfGroupAndSessionMatch() throws Exception {
        assertThat(matches(312, "400 (sh) S 312 400 400 0 -1")).as("a child").isTrue();
        assertThat(matches(312, "400 (sh) S 1 312 400 0 -1")).as("in its group").isTrue();
        assertThat(matches(312, "312 (sh) R 1 312 312 0 -1"))
                .as("in its session")
                .isTrue();
        assertThat(matches(312, "400 (a ) (b) S 312 400 400 0 -1"))
                .as("a name with parentheses")
                .isTrue();
    }

    @Test
    void numbersThatContainItsNumberDoNotMatch() throws Exception {
        assertThat(matches(312, "400 (sh) S 4312 4312 4312 0 -1"))
                .as("numbers that end with its number")
                .isFalse();
        assertThat(matches(312, "400 (sh) S 3124 3124 3124 0 -1"))
                .as("numbers that start with its number")
                .isFalse();
        assertThat(matches(1, "312 (sh) S 21 312 11 0 -1"))
                .as("a number of one digit")
                .isFalse();
    }

    @Test
    void otherProcessesDoNotMatch() throws Exception {
        assertThat(matches(312, "312 (sh) S 1 300 300 0 -1"))
                .as("a process that reuses its number")
                .isFalse();
        assertThat(matches(312, "400 (sh) S 1 400 400 312 312 312"))
                .as("its number in the terminal fields")
                .isFalse();
        assertThat(matches(312, "400 (sh) Z 312 312 312 0 -1")).as("a zombie").isFalse();
    }

    /** Asks a reaper on this machine whether a shell that has run a script may have left a process. */
    private static String check(String script) throws Exception {
        Process reaper = new ProcessBuilder("sh", "-c", ProcessReaper.script(";none-")).start();
        try (BufferedReader answers = reaper.inputReader();
                BufferedWriter requests = reaper.outputWriter()) {
            assertThat(answers.readLine()).startsWith("atex-reaper ");
            Process shell = new ProcessBuilder("sh", "-c", script).inheritIO().start();
            shell.waitFor();
            requests.write(ProcessReaper.checkLine(7, shell.pid()));
            requests.flush();
            return answers.readLine();
        } finally {
            reaper.destroy();
        }
    }

    @Test
    void anUnknownRequestEndsTheScript() throws Exception {
        Process reaper = new ProcessBuilder("sh", "-c", ProcessReaper.script(";none-")).start();
        try (BufferedWriter requests = reaper.outputWriter()) {
            requests.write("7 look 1\n");
        }
        assertThat(reaper.waitFor()).isEqualTo(64);
        assertThat(reaper.errorReader().readLine()).isEqualTo("unknown request: look");
        assertThat(reaper.inputReader().lines()).noneMatch(line -> line.startsWith("7"));
    }

    @Test
    void aCommandWithoutChildrenLeavesNothing() throws Exception {
        // Other processes of the machine may become orphans at the same moment; the reaper then cannot tell.
        String answers = "";
        for (int i = 0; i < 100 && !answers.equals("7 0"); i++) {
            answers = check("true");
        }
        assertThat(answers).as("the best of 100 answers").isEqualTo("7 0");
    }

    @Test
    void aDaemonIsDetected() throws Exception {
        Path lock = Files.createTempFile("atex-", ".fifo");
        Files.delete(lock);
        assertThat(new ProcessBuilder("mkfifo", lock.toString()).start().waitFor())
                .isZero();
        try {
            String daemon = "(setsid sh -c 'read line < " + lock + "' >/dev/null 2>&1 &)";
            assertThat(check(daemon)).as("a waiting daemon").isEqualTo("7 1");
        } finally {
            new ProcessBuilder("sh", "-c", ": > " + lock).start().waitFor();
            Files.delete(lock);
        }
    }

    /**
     * Commands are searched among their descendants and the orphans; other processes of the machine are not touched.
     */
    @ParameterizedTest
    @ValueSource(strings = {"bash", "sh"})
    void descendantsAndOrphansAreKilledAndOtherProcessesAreNot(String shell) throws Exception {
        String mark = ";reaper" + ProcessHandle.current().pid() + shell + "-";
        List<Process> started = new ArrayList<>();
        Process reaper = new ProcessBuilder(shell, "-c", ProcessReaper.script(mark)).start();
        started.add(reaper);
        try (BufferedReader answers = reaper.inputReader();
                BufferedWriter requests = reaper.outputWriter()) {
            assertThat(answers.readLine()).startsWith("atex-reaper ");
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
                    command.waitFor(); // the kernel may reuse its number afterwards
                }
                List<Long> known = end.isEmpty() ? List.of() : List.of(command.pid());
                String processes = end.isEmpty() ? "" : Long.toString(command.pid());
                requests.write(ProcessReaper.endLine(7, mark + "1;", ProcessReaper.sessionsOf(known), processes));
                requests.flush();
                assertThat(answers.readLine()).isEqualTo("7 0");
                assertThat(left).allMatch(ProcessReaperTest::isOver);
            }
            requests.write(ProcessReaper.endLine(8, mark, ProcessReaper.sessionsOf(List.of()), "all"));
            requests.flush();
            assertThat(answers.readLine()).isEqualTo("8 0");
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

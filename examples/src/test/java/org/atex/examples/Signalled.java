package org.atex.examples;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.atex.lab.ChildJvm;

/** Starts Java programs for tests that send signals. */
final class Signalled {
    /**
     * A program inherits ignored signals: INT or HUP under nohup, in background jobs of scripts and on some CI
     * systems. Neither the JVM nor a shell can reset that for a child. These programs can, and are tried in order.
     */
    private static final List<List<String>> RESETTING = List.of(
            List.of("env", "--default-signal=INT,HUP,TERM"),
            List.of("perl", "-e", "$SIG{$_} = 'DEFAULT' for qw(INT HUP TERM); exec @ARGV or die", "--"),
            List.of(
                    "python3",
                    "-c",
                    "import os, signal, sys\n"
                            + "for s in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM): signal.signal(s, signal.SIG_DFL)\n"
                            + "os.execvp(sys.argv[1], sys.argv[1:])"));

    private Signalled() {}

    /** {@return a command that starts a main class of the class path, with every signal as in a user's terminal} */
    static List<String> java(Class<?> main, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(resetting());
        command.addAll(plainJava(main, arguments));
        return command;
    }

    /** {@return a command that starts a main class with the ignored signals of the tests' parent process} */
    static List<String> plainJava(Class<?> main, String... arguments) {
        List<String> command = ChildJvm.java();
        command.addAll(List.of("-cp", ClassPath.ofPrograms(), main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    private static List<String> resetting() throws IOException, InterruptedException {
        for (List<String> way : RESETTING) {
            List<String> attempt = new ArrayList<>(way);
            attempt.add("true");
            if (works(attempt)) {
                return way;
            }
        }
        throw new AssertionError(
                "signals can be sent to a program only if it does not ignore them: this needs coreutils"
                        + " 8.31, perl or python3");
    }

    private static boolean works(List<String> command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException e) {
            return false; // not installed
        }
    }

    static void send(String signal, Process process) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
        if (!kill.waitFor(10, TimeUnit.SECONDS) || kill.exitValue() != 0) {
            throw new AssertionError("kill -" + signal + " failed; the process is " + process.info());
        }
    }
}

package org.atex.podman;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.atex.api.Command;
import org.atex.api.Input;
import org.atex.api.Output;

/** Translates a command into a script for the resident shell. All words of the command are quoted. */
final class CommandScript {
    /** The environment variable that holds the mark of a command, by which its processes are found. */
    static final String VARIABLE = "ATEX_COMMAND";

    // Variables that bash sets itself or that change its behaviour. They are passed to env instead.
    private static final Set<String> RESERVED =
            Set.of("_", "BASHOPTS", "BASH_VERSINFO", "BASHPID", "EUID", "GROUPS", "LC_ALL", "PPID", "SHELLOPTS", "UID");

    private CommandScript() {}

    /**
     * {@return a script that turns a child of the shell into the command: it redirects the streams, writes its process
     * id to descriptor 9, changes the directory, sets the variables and executes the program}
     *
     * @param command the command
     * @param pipes the names of the pipes for the streams of the command
     * @param mark the mark, unique to the command
     */
    static String of(Command command, PipeNames pipes, String mark) {
        StringBuilder script = new StringBuilder("exec ").append(redirections(command, pipes));
        // Descriptor 9 is the status pipe, see run() in resident.sh.
        script.append(" || exit 125\necho \"$BASHPID\" >&9\nexec 9>&-\n");
        String directory = command.directory();
        if (directory != null) {
            // With CDPATH, cd prints the directory and may enter another one.
            script.append("CDPATH= cd -- ").append(quoted(directory)).append(" || exit 126\n");
        }
        List<String> assignments = new ArrayList<>();
        command.environment().forEach((name, value) -> {
            if (name.matches("[A-Za-z_][A-Za-z0-9_]*") && !RESERVED.contains(name)) {
                // Not as arguments of env, which other users could read in the process list.
                script.append("export ")
                        .append(name)
                        .append('=')
                        .append(quoted(value))
                        .append('\n');
            } else {
                assignments.add(quoted(name + "=" + value));
            }
        });
        // Appended to an existing value, so that a process of nested commands carries the marks of all of them.
        String all = "\"$" + VARIABLE + mark + "\"";
        script.append("export ").append(VARIABLE).append('=').append(all).append("\nexec $setsid ");
        if (!assignments.isEmpty() || command.arguments().get(0).startsWith("-")) {
            script.append("env -- ").append(String.join(" ", assignments)).append(' ');
        }
        return script.append(
                        command.arguments().stream().map(CommandScript::quoted).collect(Collectors.joining(" ")))
                .append('\n')
                .toString();
    }

    private static String redirections(Command command, PipeNames pipes) {
        String in = command.stdin().equals(Input.empty()) ? "/dev/null" : "\"$dir\"/" + pipes.in();
        String out = command.stdout().equals(Output.discard()) ? "/dev/null" : "\"$dir\"/" + pipes.out();
        String err = command.stderr().equals(Output.discard()) ? "/dev/null" : "\"$dir\"/" + pipes.err();
        return "<" + in + " >" + out + (command.stderr().equals(Output.merge()) ? " 2>&1" : " 2>" + err);
    }

    /** {@return the text as a single quoted word of the shell} */
    static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }
}

package org.atex.podman;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.atex.api.Command;
import org.atex.api.Input;
import org.atex.api.Output;

/** Words a command for the resident shell; every word of it is quoted. */
final class ShellWords {
    /** The variable with the marks of a command, by which all that it starts is found. */
    static final String VARIABLE = "ATEX_COMMAND";

    /** What bash keeps for itself. */
    private static final Set<String> KEPT =
            Set.of("_", "BASHOPTS", "BASH_VERSINFO", "BASHPID", "EUID", "GROUPS", "LC_ALL", "PPID", "SHELLOPTS", "UID");

    private ShellWords() {}

    /**
     * {@return text that makes a child of the shell the command: it takes its streams, tells its number, goes to its
     * directory, sets its variables}
     *
     * @param command the command
     * @param pipes where its streams are in the container
     * @param mark its mark
     */
    static String script(Command command, PipeNames pipes, String mark) {
        StringBuilder script = new StringBuilder("exec ").append(redirections(command, pipes));
        script.append(" || exit 125\necho \"$BASHPID\" >&9\nexec 9>&-\n");
        String directory = command.directory();
        if (directory != null) {
            // CDPATH would say where it went, and lead elsewhere.
            script.append("CDPATH= cd -- ").append(quoted(directory)).append(" || exit 126\n");
        }
        List<String> words = new ArrayList<>();
        command.environment().forEach((name, value) -> {
            if (name.matches("[A-Za-z_][A-Za-z0-9_]*") && !KEPT.contains(name)) {
                script.append("export ")
                        .append(name)
                        .append('=')
                        .append(quoted(value))
                        .append('\n');
            } else {
                words.add(quoted(name + "=" + value));
            }
        });
        String all = "\"$" + VARIABLE + mark + "\"";
        script.append("export ").append(VARIABLE).append('=').append(all).append("\nexec $setsid ");
        if (!words.isEmpty() || command.arguments().get(0).startsWith("-")) {
            script.append("env -- ").append(String.join(" ", words)).append(' ');
        }
        return script.append(
                        command.arguments().stream().map(ShellWords::quoted).collect(Collectors.joining(" ")))
                .append('\n')
                .toString();
    }

    private static String redirections(Command command, PipeNames pipes) {
        String in = command.stdin().equals(Input.empty()) ? "/dev/null" : "\"$dir\"/" + pipes.in();
        String out = command.stdout().equals(Output.discard()) ? "/dev/null" : "\"$dir\"/" + pipes.out();
        String err = command.stderr().equals(Output.discard()) ? "/dev/null" : "\"$dir\"/" + pipes.err();
        return "<" + in + " >" + out + (command.stderr().equals(Output.merge()) ? " 2>&1" : " 2>" + err);
    }

    /** {@return a word that the shell takes for just this text} */
    static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }
}

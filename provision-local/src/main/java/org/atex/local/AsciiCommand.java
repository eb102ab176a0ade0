package org.atex.local;

import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import org.atex.api.Command;
import org.atex.support.CommandScript;

/**
 * Encodes commands in ASCII. In the locale {@code C}, the JVM replaces other characters in the arguments of a process
 * by question marks. The encoded command is a bash script that contains such characters as octal escapes.
 */
final class AsciiCommand {
    private AsciiCommand() {}

    /**
     * {@return the command itself if this JVM can pass it to a process, else an encoded command}
     *
     * @param command the command
     */
    static Command forThisJvm(Command command) {
        String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
        return encoding.equals("UTF-8") || isAscii(command) ? command : encoded(command);
    }

    /**
     * {@return an equivalent command that consists of ASCII characters}
     *
     * @param command the command
     */
    static Command encoded(Command command) {
        StringBuilder script = new StringBuilder();
        String directory = command.directory();
        if (directory != null) {
            script.append("cd -- ").append(CommandScript.quoted(directory)).append(" || exit 125\n");
        }
        script.append("exec --");
        if (!command.environment().isEmpty()) {
            script.append(" env --");
        }
        command.environment()
                .forEach((name, value) -> script.append(' ').append(CommandScript.quoted(name + "=" + value)));
        command.arguments().forEach(argument -> script.append(' ').append(CommandScript.quoted(argument)));
        return Command.bash(script.toString())
                .withStdin(command.stdin())
                .withStdout(command.stdout())
                .withStderr(command.stderr());
    }

    private static boolean isAscii(Command command) {
        CharsetEncoder ascii = Charset.forName("US-ASCII").newEncoder();
        String directory = command.directory();
        return command.arguments().stream().allMatch(ascii::canEncode)
                && command.environment().entrySet().stream()
                        .allMatch(e -> ascii.canEncode(e.getKey()) && ascii.canEncode(e.getValue()))
                && (directory == null || ascii.canEncode(directory));
    }
}

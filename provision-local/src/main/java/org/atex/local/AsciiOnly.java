package org.atex.local;

import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import org.atex.api.Command;

/**
 * Words a command in ASCII. A Java that was started in the locale {@code C} turns everything else into question marks on
 * its way to a program; bash can be told bytes by their numbers.
 */
final class AsciiOnly {
    private AsciiOnly() {}

    /**
     * {@return the command itself, unless this Java cannot hand it over as UTF-8}
     *
     * @param command what to run
     */
    static Command unlessEncodable(Command command) {
        String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
        return encoding.equals("UTF-8") || isAscii(command) ? command : worded(command);
    }

    /**
     * {@return a command of nothing but ASCII that comes to the same}
     *
     * @param command what to run
     */
    static Command worded(Command command) {
        StringBuilder script = new StringBuilder();
        String directory = command.directory();
        if (directory != null) {
            script.append("cd -- ").append(quoted(directory)).append(" || exit 125\n");
        }
        script.append("exec --");
        if (!command.environment().isEmpty()) {
            script.append(" env --");
        }
        command.environment().forEach((name, value) -> script.append(' ').append(quoted(name + "=" + value)));
        command.arguments().forEach(argument -> script.append(' ').append(quoted(argument)));
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

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("$'");
        for (int b : text.getBytes(StandardCharsets.UTF_8)) {
            boolean plain = Character.isLetterOrDigit(b) || b == '/' || b == '=';
            // Octal: a hexadecimal escape would swallow a digit that follows.
            quoted.append(plain ? String.valueOf((char) b) : String.format("\\%03o", b & 0xff));
        }
        return quoted.append("'").toString();
    }
}

package org.atex.fmf.control;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the control stream of a test: lines with one word each, some followed by raw bytes. The format is defined in
 * {@code docs/test-control.md}. Malformed input causes a {@link ProtocolException}. The reader uses one buffer of 64
 * KiB, independent of the size of files. It is not thread-safe.
 */
public final class ControlStream {
    private static final int LINE_LIMIT = 4096;
    private static final int LONGEST_RESULT = 16 * 1024 * 1024;
    private static final int MAX_SYSTEMS = 10_000;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}");
    private static final String KNOWN =
            " (known are result, exitcode, duration, barrier, send, wait, checkpoint, set, block, disconnect and noop)";

    private final InputStream in;
    private final byte[] buffer = new byte[64 * 1024];
    private int next;
    private int filled;
    private boolean over;

    /**
     * Creates a reader. The caller remains responsible for closing the stream.
     *
     * @param in the stream from the test
     */
    public ControlStream(InputStream in) {
        this.in = in;
    }

    /**
     * Reads the next word. The bytes that follow a {@link ControlWord.Result} must be read, by {@link #readBytes} and
     * {@link #copyBytes}, before the next call. Skips {@code noop}.
     *
     * @return the word; null after {@code exitcode} or {@code disconnect}, and at the end of the stream
     * @throws ProtocolException if the line is malformed
     * @throws IOException if the stream cannot be read
     */
    public @Nullable ControlWord next() throws IOException {
        while (!over) {
            String line = readLine();
            if (line == null) {
                return null;
            }
            int space = line.indexOf(' ');
            String word = space < 0 ? line : line.substring(0, space);
            String argument = space < 0 ? "" : line.substring(space + 1);
            switch (word) {
                case "result" -> {
                    return new ControlWord.Result(number(word, argument, LONGEST_RESULT));
                }
                case "exitcode" -> {
                    int code = number(word, argument, 255);
                    over = true;
                    return new ControlWord.ExitCode(code);
                }
                case "duration" -> {
                    return new ControlWord.Duration(argument);
                }
                case "disconnect" -> {
                    refuseArgument(word, argument);
                    over = true;
                    return new ControlWord.Disconnect();
                }
                case "barrier" -> {
                    String[] parts = parts(word, argument, 3);
                    return new ControlWord.Barrier(
                            name(word, parts[0]), number(word, parts[1], MAX_SYSTEMS), name(word, parts[2]));
                }
                case "send" -> {
                    String[] parts = argument.split(" ");
                    return new ControlWord.Send(name(word, parts[0]), values(word, parts));
                }
                case "wait" -> {
                    String[] parts = parts(word, argument, 2);
                    return new ControlWord.Wait(name(word, parts[0]), name(word, parts[1]));
                }
                case "checkpoint" -> {
                    String[] parts = parts(word, argument, 2);
                    return new ControlWord.Checkpoint(name(word, parts[0]), name(word, parts[1]));
                }
                case "set" -> {
                    return new ControlWord.SetState(name(word, argument));
                }
                case "block" -> {
                    return block(word, argument.split(" "));
                }
                case "noop" -> refuseArgument(word, argument);
                default -> throw unknown(word, argument);
            }
        }
        return null;
    }

    private static ProtocolException unknown(String word, String argument) {
        if (!word.isEmpty()) {
            return new ProtocolException("an unknown word on the control stream: " + shown(word) + KNOWN);
        }
        return argument.isEmpty()
                ? new ProtocolException("an empty line on the control stream")
                : new ProtocolException("an empty word on the control stream: " + shown(" " + argument) + KNOWN);
    }

    private static void refuseArgument(String word, String argument) throws ProtocolException {
        if (!argument.isEmpty()) {
            throw new ProtocolException("'" + word + "' takes no argument, but got " + shown(argument));
        }
    }

    private static String[] parts(String word, String argument, int count) throws ProtocolException {
        String[] parts = argument.split(" ");
        if (parts.length != count) {
            throw new ProtocolException("'" + word + "' takes " + count + " arguments, but got " + shown(argument));
        }
        return parts;
    }

    private static ControlWord.Block block(String word, String[] parts) throws ProtocolException {
        boolean any = parts[0].equals("any");
        if (parts.length < 4 || !any && !parts[0].equals("all")) {
            throw new ProtocolException("'" + word + "' takes 'any' or 'all', a name, states and systems, but got "
                    + shown(String.join(" ", parts)));
        }
        List<String> states = List.of(parts[2].split(","));
        for (String state : states) {
            name(word, state);
        }
        return new ControlWord.Block(
                any, name(word, parts[1]), states, Arrays.asList(parts).subList(3, parts.length));
    }

    /** Returns a name, which may become the name of a file. */
    private static String name(String word, String argument) throws ProtocolException {
        if (!NAME.matcher(argument).matches()) {
            throw new ProtocolException("'" + word + "' takes names of letters, digits, '.', '_' and '-', but got "
                    + (argument.isEmpty() ? "none" : shown(argument)));
        }
        return argument;
    }

    private static Map<String, String> values(String word, String[] parts) throws ProtocolException {
        Map<String, String> values = new LinkedHashMap<>();
        for (String part : Arrays.asList(parts).subList(1, parts.length)) {
            int equals = part.indexOf('=');
            if (equals < 0) {
                throw new ProtocolException("'" + word + "' takes values NAME=VALUE, but got " + shown(part));
            }
            values.put(name(word, part.substring(0, equals)), part.substring(equals + 1));
        }
        return values;
    }

    private static int number(String word, String argument, int most) throws ProtocolException {
        try {
            int number = Integer.parseInt(argument);
            if (number >= 0 && number <= most && Character.isDigit(argument.charAt(0))) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Reported below, together with numbers that are out of range.
        }
        throw new ProtocolException("'" + word + "' takes a number from 0 to " + most + ", but got "
                + (argument.isEmpty() ? "none" : shown(argument)));
    }

    /** {@return the next line without its end, or null at the end of the stream} */
    private @Nullable String readLine() throws IOException {
        // Usually a line is completely in the buffer; a builder is needed only if it spans two reads.
        StringBuilder line = null;
        while (true) {
            for (int i = next; i < filled; i++) {
                if (buffer[i] == '\n') {
                    String rest = text(next, i);
                    next = i + 1;
                    return checked(line == null ? rest : line.append(rest).toString());
                }
            }
            line = line == null ? new StringBuilder() : line;
            line.append(text(next, filled));
            next = filled;
            if (line.length() >= LINE_LIMIT) {
                throw new ProtocolException(
                        "a control line is longer than " + LINE_LIMIT + " bytes: " + shown(line.toString()));
            }
            if (!fill()) {
                if (line.isEmpty()) {
                    return null;
                }
                throw new ProtocolException("the control stream ends within a line: " + shown(line.toString()), true);
            }
        }
    }

    private String text(int from, int to) {
        return new String(buffer, from, to - from, StandardCharsets.ISO_8859_1);
    }

    private static String checked(String line) throws ProtocolException {
        if (line.length() >= LINE_LIMIT) {
            throw new ProtocolException("a control line is longer than " + LINE_LIMIT + " bytes: " + shown(line));
        }
        for (int i = 0; i < line.length(); i++) {
            if (line.charAt(i) < ' ' || line.charAt(i) > '~') {
                throw new ProtocolException("a control line holds bytes that are no printable ASCII: " + shown(line));
            }
        }
        return line;
    }

    /** {@return the beginning of a text, quoted and with unprintable characters escaped, for messages} */
    private static String shown(String text) {
        StringBuilder shown = new StringBuilder("'");
        for (int i = 0; i < Math.min(60, text.length()); i++) {
            char c = text.charAt(i);
            shown.append(c >= ' ' && c <= '~' ? String.valueOf(c) : String.format("\\x%02x", (int) c));
        }
        return shown.append(text.length() > 60 ? "…'" : "'").toString();
    }

    private boolean fill() throws IOException {
        int n = in.read(buffer, 0, buffer.length);
        next = 0;
        filled = Math.max(0, n);
        return n >= 0;
    }

    /**
     * Reads raw bytes that follow the last line.
     *
     * @param length the number of bytes
     * @return the bytes; the array has the given length
     * @throws EOFException if the stream ends too early
     * @throws IOException if the stream cannot be read
     */
    public byte[] readBytes(int length) throws IOException {
        byte[] bytes = new byte[length];
        int done = 0;
        while (done < length) {
            int available = available(length - done, length - done);
            System.arraycopy(buffer, next, bytes, done, available);
            next += available;
            done += available;
        }
        return bytes;
    }

    /**
     * Copies raw bytes that follow the last line, in pieces of at most 64 KiB.
     *
     * @param length the number of bytes
     * @param to the destination
     * @throws EOFException if the stream ends too early
     * @throws StorageException if the destination cannot be written to
     * @throws IOException if the stream cannot be read
     */
    public void copyBytes(long length, OutputStream to) throws IOException {
        for (long left = length; left > 0; ) {
            int available = available(left, left);
            write(available, to);
            next += available;
            left -= available;
        }
    }

    private void write(int length, OutputStream to) throws StorageException {
        try {
            to.write(buffer, next, length);
        } catch (IOException e) {
            throw new StorageException("a file of the test", e);
        }
    }

    private int available(long wanted, long missing) throws IOException {
        if (next == filled && !fill()) {
            throw new EOFException("the control stream ends with " + missing + " bytes missing");
        }
        return (int) Math.min(wanted, filled - next);
    }
}

package org.atex.fmf;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.atex.artifacts.CiCommands;

/**
 * Prints lines with a prefix. Lines longer than 8192 bytes are printed in pieces, which bounds the memory. Not
 * thread-safe.
 */
final class LinePrinter extends OutputStream {
    private static final int LONGEST = 8192;

    private final String name;
    private final PrintStream to;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    LinePrinter(String name, PrintStream to) {
        this.name = name;
        this.to = to;
    }

    @Override
    public void write(int b) {
        if (b == '\n' || line.size() >= LONGEST) {
            print();
        }
        if (b != '\n') {
            line.write(b);
        }
    }

    private void print() {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        StringBuilder safe = new StringBuilder(name).append(": ");
        text.codePoints()
                .map(c -> c != '\t' && Character.isISOControl(c) ? '?' : c)
                .forEach(safe::appendCodePoint);
        // A single call, so that lines of concurrent tests are not mixed.
        to.println(CiCommands.escape(safe.toString()));
    }

    @Override
    public void close() {
        if (line.size() > 0) {
            print();
        }
    }
}

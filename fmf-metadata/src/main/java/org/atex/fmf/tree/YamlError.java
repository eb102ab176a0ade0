package org.atex.fmf.tree;

/** A syntax error in a YAML text. The caller adds the name of the file to the message. */
final class YamlError extends FmfException {
    private static final long serialVersionUID = 1L;

    private final int line;

    YamlError(int line, String message) {
        super(Kind.FILE, message);
        this.line = line;
    }

    /** {@return the line in the file, from 1} */
    int line() {
        return line;
    }
}

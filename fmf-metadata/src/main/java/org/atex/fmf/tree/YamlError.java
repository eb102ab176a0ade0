package org.atex.fmf.tree;

/** Text that is not YAML. Whoever knows the file puts it in front. */
final class YamlError extends FmfException {
    private static final long serialVersionUID = 1L;

    private final int line;

    YamlError(int line, String message) {
        super(Kind.FILE, message);
        this.line = line;
    }

    /** {@return the line in the file, the first one being 1} */
    int line() {
        return line;
    }
}

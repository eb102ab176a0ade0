package org.atex.junitxml;

import java.io.IOException;
import java.io.OutputStream;

/** Writes XML markup to a stream. */
record XmlWriter(OutputStream out) {
    /** Writes markup without escapes, in ASCII. */
    void raw(String markup) throws IOException {
        out.write(XmlText.ascii(markup));
    }

    void attribute(String name, String value) throws IOException {
        raw(" " + name + "=\"");
        XmlText.attribute(out, value);
        raw("\"");
    }

    void attribute(String name, long value) throws IOException {
        raw(" " + name + "=\"" + value + "\"");
    }
}

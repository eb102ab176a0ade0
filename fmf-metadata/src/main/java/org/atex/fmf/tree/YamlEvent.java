package org.atex.fmf.tree;

import org.jspecify.annotations.Nullable;

/**
 * A step through a YAML document.
 *
 * @param kind what begins, ends or is there
 * @param at where
 * @param line in which line, the first one being 0
 * @param anchor the name by which aliases know it
 * @param tag its tag, if it has one
 * @param value the text of a scalar, the name that an alias refers to
 * @param plain whether the text decides what a scalar is: there are no quotes, and no tag
 */
record YamlEvent(
        Kind kind,
        int at,
        int line,
        @Nullable String anchor,
        @Nullable String tag,
        String value,
        boolean plain) {
    /** What events there are. */
    enum Kind {
        STREAM_END,
        DOCUMENT_START,
        DOCUMENT_END,
        ALIAS,
        SCALAR,
        SEQUENCE_START,
        SEQUENCE_END,
        MAPPING_START,
        MAPPING_END
    }

    static YamlEvent of(Kind kind, YamlToken token) {
        return new YamlEvent(kind, token.at(), token.line(), null, null, "", false);
    }
}

package org.atex.fmf.tree;

import org.jspecify.annotations.Nullable;

/**
 * A parse event of a YAML document.
 *
 * @param kind the kind of the event
 * @param at the position in the text
 * @param line the line in the text, from 0
 * @param anchor the name of its anchor, or null
 * @param tag its tag, or null
 * @param value the text of a scalar, or the name of an alias; else empty
 * @param plain whether the text of a scalar determines its type, as it has neither quotes nor a tag
 */
record YamlEvent(
        Kind kind,
        int at,
        int line,
        @Nullable String anchor,
        @Nullable String tag,
        String value,
        boolean plain) {
    /** The kinds of events. */
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

package org.atex.fmf.tree;

/**
 * A token of a YAML text.
 *
 * @param kind the kind of the token
 * @param at the position of its beginning
 * @param line the line of its beginning, from 0
 * @param value the text of a scalar, the name of an anchor or alias, the suffix of a tag, or the prefix or version of a
 *     directive
 * @param handle the handle of a tag or a tag directive, such as {@code !!}
 */
record YamlToken(Kind kind, int at, int line, String value, String handle) {
    /** The kinds of tokens. */
    enum Kind {
        STREAM_END,
        VERSION_DIRECTIVE,
        TAG_DIRECTIVE,
        DOCUMENT_START,
        DOCUMENT_END,
        BLOCK_SEQUENCE_START,
        BLOCK_MAPPING_START,
        BLOCK_END,
        FLOW_SEQUENCE_START,
        FLOW_SEQUENCE_END,
        FLOW_MAPPING_START,
        FLOW_MAPPING_END,
        BLOCK_ENTRY,
        FLOW_ENTRY,
        KEY,
        VALUE,
        ALIAS,
        ANCHOR,
        TAG,
        PLAIN,
        QUOTED
    }
}

package org.atex.fmf.tree;

/**
 * The smallest part of a YAML text that means something.
 *
 * @param kind what it is
 * @param at where it begins
 * @param line in which line, the first one being 0
 * @param value the text of a scalar, the name of an anchor or alias, the rest of a tag, the prefix of a tag directive
 * @param handle what is before the rest of a tag
 */
record YamlToken(Kind kind, int at, int line, String value, String handle) {
    /** What tokens there are. */
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

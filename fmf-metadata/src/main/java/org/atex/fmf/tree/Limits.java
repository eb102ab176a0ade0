package org.atex.fmf.tree;

import org.atex.fmf.tree.FmfException.Kind;

/**
 * Limits of the size and the cost of metadata.
 *
 * <p>Trees in real use stay orders of magnitude below. Larger ones fail instead of exhausting memory or time.
 */
final class Limits {
    /** Maximum size of one file, in bytes. */
    static final int FILE_BYTES = 16 << 20;

    /** Maximum number of directories and files of one tree. */
    static final int TREE_ENTRIES = 1_000_000;

    /** Maximum number of values of one document. An alias counts as all values of its anchor. */
    static final int DOCUMENT_VALUES = 1_000_000;

    /** Maximum nesting of collections. */
    static final int VALUE_DEPTH = 200;

    /** Maximum nesting of nodes and of directories. */
    static final int NODE_DEPTH = 500;

    /** Maximum length of one merged text, and of the text form of one value, in UTF-16 code units. */
    static final int TEXT_LENGTH = 16 << 20;

    /** Maximum number of digits of one integer. Python has the same limit. */
    static final int INTEGER_DIGITS = 4300;

    /** Maximum number of entries and items copied and merged for one tree. */
    static final long TREE_WORK = 20_000_000;

    /** The cost of copying a collection in addition to its entries or items, in proportion to its memory. */
    static final int COLLECTION_WORK = 8;

    /** Maximum number of characters examined to match one regular expression in one text: bounds backtracking. */
    static final int PATTERN_STEPS = 20_000_000;

    private Limits() {}

    static FmfException exceeded(String what, long limit) {
        return new FmfException(
                Kind.LIMIT, what + " exceeds the limit of " + limit + ". Split or simplify the metadata.");
    }

    static void checkText(long length) {
        if (length > TEXT_LENGTH) {
            throw exceeded("The length of a merged text", TEXT_LENGTH);
        }
    }

    /** The number of entries and items copied and merged so far for one tree. Used by one thread. */
    static final class Work {
        private long done;

        void add(long amount) {
            done += amount;
            if (done > TREE_WORK) {
                throw exceeded("The number of values to inherit and merge", TREE_WORK);
            }
        }
    }
}

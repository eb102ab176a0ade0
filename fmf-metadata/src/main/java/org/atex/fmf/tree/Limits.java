package org.atex.fmf.tree;

import org.atex.fmf.tree.FmfException.Kind;

/** How large metadata may be. Honest ones stay orders of magnitude below; what is above fails instead of exhausting memory. */
final class Limits {
    /** Bytes of one file. */
    static final int FILE_BYTES = 16 << 20;

    /** Directories and files of one tree. */
    static final int TREE_ENTRIES = 1_000_000;

    /** Values of one document, each alias counted as all that it stands for. */
    static final int DOCUMENT_VALUES = 1_000_000;

    /** Collections inside collections. */
    static final int VALUE_DEPTH = 200;

    /** Nodes below nodes. */
    static final int NODE_DEPTH = 500;

    /** Characters of one text that merging made, or of the text form of one value. */
    static final int TEXT_LENGTH = 16 << 20;

    /** Digits of one integer; Python has the same limit. */
    static final int INTEGER_DIGITS = 4300;

    /** Entries and items copied and merged to make one tree. */
    static final long TREE_WORK = 20_000_000;

    /** What a collection weighs beside its entries or items, as it does in memory. */
    static final int COLLECTION_WORK = 8;

    /** Characters looked at to find one regular expression in one text: more means endless backtracking. */
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

    /** Adds up the work of making one tree. Used by one thread. */
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

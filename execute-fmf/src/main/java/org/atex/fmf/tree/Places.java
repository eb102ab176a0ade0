package org.atex.fmf.tree;

import org.atex.fmf.tree.FmfException.Kind;
import org.jspecify.annotations.Nullable;

/** Finds out where in the files something is said, when an error has to name the place. */
final class Places {
    private Places() {}

    /** {@return the place of a key of a node to begin a message with, or an empty text} */
    static String of(FmfNode node, String key) {
        return node.sources().isEmpty() ? "" : node.sources().getLast() + ": ";
    }

    static FmfException wrongType(
            FmfNode node, String key, String expected, @Nullable Object found, String where) {
        var text = PyText.repr(found);
        var file = node.sources().isEmpty() ? "" : node.sources().getLast() + ": ";
        return new FmfException(
                Kind.INVALID_VALUE,
                file + "Node " + node.name() + ", key \"" + key + "\": expected " + expected + ", found "
                        + Values.typeOf(found) + where + ": "
                        + (text.length() > 80 ? text.substring(0, 77) + "..." : text));
    }
}

package org.atex.fmf;

import java.util.Map;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;

/**
 * A plan, and where it comes from.
 *
 * @param name what it is called, which is not the name of its node if another plan imports it
 * @param node its node
 * @param tree the tree of its node, not adjusted
 * @param origin where the tree was fetched from; null for a tree of this machine
 * @param from what the plan says and passes on that imports it
 * @param disabled why it is not enabled, or null if it is
 */
record FoundPlan(
        String name,
        FmfNode node,
        FmfTree tree,
        @Nullable FmfId origin,
        Inherited from,
        @Nullable String disabled) {
    /**
     * What an imported plan inherits.
     *
     * @param context dimensions
     * @param environment variables
     */
    record Inherited(FmfContext context, Map<String, String> environment) {
        static final Inherited NOTHING = new Inherited(FmfContext.empty(), Map.of());
    }

    /** {@return an error that names file and line, the plan, and the key} */
    FmfException wrong(String key, String what) {
        return new FmfException(
                FmfException.Kind.INVALID_VALUE, node.place(key) + "the plan " + name + ", " + key + ": " + what, null);
    }
}

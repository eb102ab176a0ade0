package org.atex.fmf;

import java.util.Map;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;

/**
 * A plan and its origin. Immutable.
 *
 * @param name the name, which is not that of the node if another plan imports it
 * @param node the node of the plan
 * @param tree the tree of the node, not adjusted
 * @param origin the location that the tree was fetched from; null for a tree on this machine
 * @param from the settings of the plan that imports it
 * @param disabled the reason why it is disabled, or null if it is enabled
 */
record FoundPlan(
        String name,
        FmfNode node,
        FmfTree tree,
        @Nullable FmfId origin,
        Inherited from,
        @Nullable String disabled) {
    /**
     * The settings that an imported plan inherits.
     *
     * @param context the dimensions of the context
     * @param environment the variables
     */
    record Inherited(FmfContext context, Map<String, String> environment) {
        static final Inherited NOTHING = new Inherited(FmfContext.empty(), Map.of());
    }

    /** {@return an error that names the file and line, the plan, and the key} */
    FmfException wrong(String key, String reason) {
        return new FmfException(
                FmfException.Kind.INVALID_VALUE,
                node.place(key) + "the plan " + name + ", " + key + ": " + reason,
                null);
    }
}

/** Reads trees of fmf metadata: inheritance, merge operators, adjust, filters. */
module org.atex.fmf.tree {
    requires transitive org.atex.api;
    requires static org.jspecify;

    exports org.atex.fmf.tree;
}

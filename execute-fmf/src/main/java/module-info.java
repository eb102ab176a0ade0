/** Plans and discovery of fmf tests; runs such tests on a system. */
module org.atex.fmf {
    requires transitive org.atex.api;
    requires transitive org.atex.fmf.tree;
    requires static org.jspecify;
    requires org.atex.support;
    requires org.atex.artifacts;
    requires org.slf4j;
    requires org.snakeyaml.engine;
    requires tools.jackson.core;

    exports org.atex.fmf;
    exports org.atex.fmf.control;
}

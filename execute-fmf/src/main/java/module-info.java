/** fmf metadata, plans and discovery; runs such tests on a system. */
module org.atex.fmf {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.artifacts;
    requires org.slf4j;
    requires org.snakeyaml.engine;
    requires tools.jackson.core;

    exports org.atex.fmf;
    exports org.atex.fmf.control;
    exports org.atex.fmf.tree;
}

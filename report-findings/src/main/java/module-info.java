/** Tells which tests of a run failed, and why: as data, as JSON and as Markdown. */
module org.atex.findings {
    requires transitive org.atex.api;
    requires transitive org.atex.artifacts;
    requires static org.jspecify;
    requires org.atex.support;
    requires org.slf4j;
    requires tools.jackson.core;

    exports org.atex.findings;
}

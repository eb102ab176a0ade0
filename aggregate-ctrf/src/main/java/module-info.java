/** Writes test results in the Common Test Report Format (CTRF). */
module org.atex.ctrf {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.artifacts;
    requires org.slf4j;
    requires tools.jackson.core;

    exports org.atex.ctrf;
}

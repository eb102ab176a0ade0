/** Reads and writes the artifacts of a test: results as JSON Lines, and files. */
module org.atex.artifacts {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.support;
    requires tools.jackson.core;

    exports org.atex.artifacts;
}

/** Writes test results as JSON Lines or YAML documents, and stores the files of the tests. */
module org.atex.jsonl {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.artifacts;
    requires org.slf4j;
    requires org.tukaani.xz;
    requires tools.jackson.core;

    exports org.atex.jsonl;
}

/** Results as JSON Lines and as YAML documents, with files; and to several places at once. */
module org.atex.jsonl {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.artifacts;
    requires org.slf4j;
    requires org.tukaani.xz;
    requires tools.jackson.core;

    exports org.atex.jsonl;
}

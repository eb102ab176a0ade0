/** Results as JSON Lines and as YAML documents, with files; and to several places at once. */
module org.atex.jsonl {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.artifacts;
    requires tools.jackson.core;

}

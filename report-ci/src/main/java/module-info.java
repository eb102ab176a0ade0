/** Shows the failures of a run where a CI service shows them: in the summary, as annotations, in sections of the log. */
module org.atex.ci {
    requires transitive org.atex.api;
    requires transitive org.atex.findings;
    requires static org.jspecify;
    requires org.atex.artifacts;
    requires org.atex.support;
    requires org.slf4j;

    exports org.atex.ci;
}

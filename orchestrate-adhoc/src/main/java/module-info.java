/** Orchestrators that run tests on a pool of systems. */
module org.atex.adhoc {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.support;
    requires transitive org.atex.artifacts;
    requires org.slf4j;

    exports org.atex.adhoc;
}

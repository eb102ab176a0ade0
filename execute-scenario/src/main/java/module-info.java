/** Runs tests that are made of timed events. */
module org.atex.scenario {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.artifacts;
    requires org.atex.support;
    requires org.slf4j;
    requires tools.jackson.core;

    exports org.atex.scenario;
}

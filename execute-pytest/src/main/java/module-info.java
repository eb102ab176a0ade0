/** Runs the tests of pytest projects on systems. */
module org.atex.pytest {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires java.xml;
    requires org.atex.artifacts;
    requires org.atex.support;
    requires org.slf4j;
    requires tools.jackson.core;

    exports org.atex.pytest;
}

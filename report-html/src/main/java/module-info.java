/** Writes a run as one HTML file that opens offline. */
module org.atex.html {
    requires transitive org.atex.api;
    requires transitive org.atex.artifacts;
    requires static org.jspecify;
    requires jdk.httpserver;
    requires org.atex.support;
    requires org.slf4j;
    requires tools.jackson.core;

    exports org.atex.html;
}

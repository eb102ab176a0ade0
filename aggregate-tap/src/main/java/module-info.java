/** Writes test results in the Test Anything Protocol (TAP). */
module org.atex.tap {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.artifacts;
    requires org.slf4j;

    exports org.atex.tap;
}

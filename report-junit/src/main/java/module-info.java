/** Shows a run as dynamic tests of JUnit. */
module org.atex.junit {
    requires transitive org.atex.api;
    requires transitive org.junit.jupiter.api;
    requires static org.jspecify;
    requires org.atex.artifacts;
    requires org.atex.support;

    exports org.atex.junit;
}

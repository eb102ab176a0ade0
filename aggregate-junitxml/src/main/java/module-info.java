/** Writes test results as a JUnit XML file that is complete at any time. */
module org.atex.junitxml {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.artifacts;
    requires org.slf4j;

    exports org.atex.junitxml;
}

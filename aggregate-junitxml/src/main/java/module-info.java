/** Results as JUnit XML, test by test. */
module org.atex.junitxml {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.artifacts;
    requires org.slf4j;

    exports org.atex.junitxml;
}

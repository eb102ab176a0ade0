/** Runs tests that are commands. */
module org.atex.command {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.artifacts;

    exports org.atex.command;
}

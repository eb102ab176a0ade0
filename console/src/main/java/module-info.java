/** Prints the progress of a run, and stops it on signals. */
module org.atex.console {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires jdk.unsupported; // sun.misc.Signal: the only API of the JDK for signals
    requires org.atex.artifacts;
    requires org.atex.support;
    requires org.slf4j;

    exports org.atex.console;
}

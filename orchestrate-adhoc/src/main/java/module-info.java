/** The pool of systems, the schedule, reruns. */
module org.atex.adhoc {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires jdk.unsupported; // signals: the JDK has no other way to handle them
    requires org.atex.artifacts;
    requires org.slf4j;

    exports org.atex.adhoc;
}

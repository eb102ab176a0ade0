/** The pool of systems, the schedule, reruns. */
module org.atex.adhoc {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.slf4j;

    exports org.atex.adhoc;
}

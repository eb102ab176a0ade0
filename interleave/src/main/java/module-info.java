/** Ordered interleaving of threads, and of commands on systems, in tests. */
module org.atex.interleave {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires java.management; // the state of a thread, and the owner of the lock that it waits for
    requires org.atex.support;

    exports org.atex.interleave;
}

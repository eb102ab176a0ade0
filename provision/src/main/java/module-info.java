/** Makes a provisioner of a function that makes a system. */
module org.atex.provision {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.support;
    requires org.slf4j;

    exports org.atex.provision;
}

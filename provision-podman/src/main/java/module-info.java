/** Containers as systems. */
module org.atex.podman {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.provision;
    requires org.atex.support;
    requires org.slf4j;

    exports org.atex.podman;
}

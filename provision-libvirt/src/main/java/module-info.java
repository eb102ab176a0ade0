/** Virtual machines as systems, by libvirt on any host. */
module org.atex.libvirt {
    requires transitive org.atex.api;
    requires transitive org.atex.ssh;
    requires static org.jspecify;
    requires java.xml;
    requires org.atex.artifacts;
    requires org.atex.provision;
    requires org.atex.support;
    requires org.slf4j;

    exports org.atex.libvirt;
}

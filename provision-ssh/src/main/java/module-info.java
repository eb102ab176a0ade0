/** Systems over ssh: connections, and sources of hosts. */
module org.atex.ssh {
    requires org.atex.provision;
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.atex.http;
    requires org.atex.support;
    requires com.hierynomus.sshj;
    requires org.slf4j;
    requires tools.jackson.core;

    exports org.atex.ssh;
}

/** A client of the Testing Farm API, and a provisioner of machines that are reserved with it. */
module org.atex.testingfarm {
    requires transitive org.atex.api;
    requires transitive org.atex.ssh;
    requires org.atex.provision;
    requires static org.jspecify;
    requires org.atex.http;
    requires org.atex.support;
    requires org.slf4j;
    requires tools.jackson.core;
    requires tools.jackson.databind;

    exports org.atex.testingfarm;
}

/** Systems that are reached over ssh. */
module org.atex.ssh {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires com.hierynomus.sshj;
    requires org.apache.commons.compress;
    requires org.slf4j;

    exports org.atex.ssh;
}

/** Allocations of a Slurm cluster as systems. */
module org.atex.slurm {
    requires transitive org.atex.api;
    requires transitive org.atex.ssh;
    requires org.atex.local;
    requires org.atex.provision;
    requires org.atex.support;
    requires static org.jspecify;
    requires org.slf4j;

    exports org.atex.slurm;
}

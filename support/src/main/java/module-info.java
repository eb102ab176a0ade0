/**
 * Threads, waits, streams and argument checks that the modules of this project share. The package is exported to these
 * modules only, and may change in any release.
 */
@SuppressWarnings("module") // the modules that may read this one are compiled after it
module org.atex.support {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires org.slf4j;

    exports org.atex.support to
            org.atex.adhoc,
            org.atex.artifacts,
            org.atex.ci,
            org.atex.console,
            org.atex.findings,
            org.atex.fmf,
            org.atex.html,
            org.atex.http,
            org.atex.interleave,
            org.atex.junit,
            org.atex.libvirt,
            org.atex.local,
            org.atex.podman,
            org.atex.provision,
            org.atex.pytest,
            org.atex.reportportal,
            org.atex.scenario,
            org.atex.slurm,
            org.atex.ssh,
            org.atex.testingfarm;
}

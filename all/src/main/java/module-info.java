/** All blocks as one dependency. */
module org.atex.all {
    requires transitive org.atex.adhoc;
    requires transitive org.atex.allure;
    requires transitive org.atex.api;
    requires transitive org.atex.artifacts;
    requires transitive org.atex.ci;
    requires transitive org.atex.command;
    requires transitive org.atex.console;
    requires transitive org.atex.findings;
    requires transitive org.atex.ctrf;
    requires transitive org.atex.fmf;
    requires transitive org.atex.fmf.tree;
    requires transitive org.atex.html;
    requires transitive org.atex.interleave;
    requires transitive org.atex.jsonl;
    requires transitive org.atex.junitxml;
    requires transitive org.atex.local;
    requires transitive org.atex.opentelemetry;
    requires transitive org.atex.podman;
    requires transitive org.atex.provision;
    requires transitive org.atex.pytest;
    requires transitive org.atex.reportportal;
    requires transitive org.atex.scenario;
    requires transitive org.atex.ssh;
    requires transitive org.atex.tap;
    requires transitive org.atex.testingfarm;
}

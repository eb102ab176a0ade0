package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.Outcome;
import org.atex.api.RunSummary;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfTests;
import org.atex.jsonl.JsonLinesAggregator;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.lab.SshSystem;
import org.atex.ssh.Host;
import org.atex.ssh.HostKeys;
import org.atex.ssh.Hosts;
import org.atex.ssh.SshOptions;
import org.atex.ssh.SshProvisioner;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs tests on three hosts, one of which is sick: all tests pass on the others, and the run names the sick host. */
@Timeout(300)
@ExtendWith(LeakCheck.class)
class SickHostsTest {
    private static final int TESTS = 24;

    /** Writes the program that all tests run. */
    private static final String WRITE_WORK =
            "printf '#!/bin/bash\\n%s\\n' \"$1\" >/usr/local/bin/work; chmod +x /usr/local/bin/work";

    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    /** What is wrong with the host. */
    enum Sickness {
        REFUSES {
            @Override
            Host host(SshSystem system) {
                return Host.of(system.destination() + ":1");
            }
        },
        IS_SILENT {
            @Override
            Host host(SshSystem system) throws Exception {
                system.container().freeze();
                return Host.of(system.destination());
            }
        },
        FAILS_TO_SET_UP {
            @Override
            Host host(SshSystem system) throws Exception {
                system.container().exec("rm", "/usr/bin/mktemp");
                return Host.of(system.destination());
            }
        },
        LOSES_EVERY_TEST {
            @Override
            Host host(SshSystem system) throws Exception {
                system.container().exec("bash", "-c", WRITE_WORK, "-", "pkill -KILL -f 'sshd: root'; sleep 60");
                return Host.of(system.destination());
            }
        },
        HAS_A_FULL_DISK {
            @Override
            Host host(SshSystem system) throws Exception {
                system.container().fill("/var/tmp");
                return Host.of(system.destination());
            }
        };

        abstract Host host(SshSystem system) throws Exception;
    }

    private SshSystem system() throws Exception {
        SshSystem system = lab.ssh(LabImage.SYSTEMD);
        system.container().exec("bash", "-c", WRITE_WORK, "-", "sleep 0.5");
        return system;
    }

    private FmfTests tests() throws Exception {
        String tests = IntStream.range(0, TESTS)
                .mapToObj("/t%02d:\n    test: /usr/local/bin/work\n    duration: 1m\n"::formatted)
                .collect(Collectors.joining());
        return FmfTests.from(SmallTree.of(directory, tests)).discover();
    }

    private Path knownHosts(List<SshSystem> systems) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (SshSystem system : systems) {
            lines.append(Files.readString(system.knownHosts()));
        }
        return Files.writeString(directory.resolve("known_hosts"), lines);
    }

    @ParameterizedTest
    @EnumSource
    void allTestsPassOnTheOtherHosts(Sickness sickness) throws Exception {
        List<SshSystem> systems = List.of(system(), system(), system());
        List<Host> hosts = new ArrayList<>(List.of(sickness.host(systems.getFirst())));
        systems.stream().skip(1).map(SshSystem::destination).map(Host::of).forEach(hosts::add);
        SshOptions options = SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withKey(systems.getFirst().key())
                .withHostKeys(HostKeys.knownHosts(knownHosts(systems)));
        FmfTests tests = tests();
        try (SshProvisioner provisioner = SshProvisioner.builder(Hosts.of(hosts), options)
                        .connectWithin(Duration.ofSeconds(2))
                        .build();
                var results = JsonLinesAggregator.open(directory.resolve("results.jsonl"), directory.resolve("files"));
                var run = AdHocOrchestrator.builder(tests)
                        .on(provisioner)
                        .with(FmfExecutor.factory(tests))
                        .into(results)
                        .build()) {
            RunSummary summary = run.run();
            assertThat(summary.tests())
                    .allSatisfy(test -> assertThat(test.end().outcome()).isEqualTo(Outcome.PASSED));
            assertThat(summary.problems())
                    .as("problems of the run")
                    .anySatisfy(problem -> assertThat(problem.toString())
                            .contains(hosts.getFirst().address()));
        }
    }
}

package org.atex.podman;

import java.time.Duration;
import java.util.List;
import org.atex.api.Provisioner;
import org.atex.lab.Lab;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.ProvisionerContract;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

@ExtendWith(LeakCheck.class)
class RunningContainersProvisionerContractTest extends ProvisionerContract {
    @RegisterExtension
    static final Lab LAB = new Lab();

    private static List<String> containers;

    @BeforeAll
    static void start() throws Exception {
        containers = List.of(
                LAB.container().id(), LAB.container().id(), LAB.container().id());
    }

    @Override
    protected Provisioner open() {
        return RunningContainersProvisioner.of(containers.toArray(new String[0]));
    }

    @Override
    protected int maxSystems() {
        return 3;
    }

    @Override
    protected Duration readyWithin() {
        return Duration.ofSeconds(60);
    }

    @Test
    void closeDuringAStartEndsItsConnection() throws Exception {
        String container = LAB.container().id();
        // The start asks the container for its labels, which blocks here.
        String script = "printf '#!/bin/sh\ntouch /asked\nexec sleep 4711\n' >/usr/local/bin/uname && "
                + "chmod +x /usr/local/bin/uname";
        PodmanCli.run("exec", container, "sh", "-c", script);
        try (Provisioner provisioner = RunningContainersProvisioner.of(container)) {
            provisioner.provision(1);
            PodmanCli.run("exec", container, "sh", "-c", "until [ -e /asked ]; do sleep 0.01; done");
        }
        // The leak check finds the shell and the threads of a connection that is still open.
    }
}

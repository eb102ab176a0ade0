package org.atex.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests the systems of the lab. */
@Timeout(300)
class LabTest {
    @RegisterExtension
    final Lab lab = new Lab();

    private static List<String> ssh(SshSystem system, String... more) {
        List<String> line =
                new ArrayList<>(List.of("ssh", "-F", "none", "-i", system.key().toString()));
        line.addAll(List.of("-o", "BatchMode=yes", "-o", "ConnectTimeout=3"));
        line.addAll(List.of("-o", "UserKnownHostsFile=" + system.knownHosts()));
        line.addAll(List.of(more));
        line.addAll(List.of(system.destination(), "echo", "in"));
        return line;
    }

    @Test
    void plainSystemHasBashAndNoPython() throws Exception {
        LabContainer container = lab.container();

        assertThat(container.exec("bash", "-c", "type -P python3 python || echo none"))
                .isEqualTo("none");
        container.exec("sh", "-c", "apt-get update && apt-get install -y atex-lab-greeting");
        assertThat(container.exec("atex-lab-hello")).isEqualTo("atex-lab-hello 1.0");
    }

    @Test
    void dnfInstallsWithoutNetwork() throws Exception {
        LabContainer container = lab.container(LabImage.DNF);

        container.exec("dnf", "install", "-y", "atex-lab-greeting");

        assertThat(container.exec("atex-lab-hello")).isEqualTo("atex-lab-hello 1.0");
    }

    @Test
    void systemdIsRunning() throws Exception {
        assertThat(lab.systemd().exec("systemctl", "is-active", "ssh")).isEqualTo("active");
    }

    @Test
    void networkIsCutAndRestored() throws Exception {
        SshSystem system = lab.ssh();
        assertThat(Shell.run(ssh(system))).isEqualTo("in");

        system.container().cutNetwork();
        assertThatThrownBy(() -> Shell.run(ssh(system)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("timed out");

        system.container().restoreNetwork();
        assertThat(Shell.run(ssh(system))).isEqualTo("in");
    }

    @Test
    void targetBehindJumpHostAcceptsOnlyTheJumpHost() throws Exception {
        BehindJump both = lab.behindJump();
        SshSystem jump = both.jump();
        String proxy = "ssh -F none -i " + jump.key() + " -o UserKnownHostsFile=" + jump.knownHosts() + " -W %h:%p "
                + jump.destination();

        assertThat(Shell.run(ssh(both.target(), "-o", "ProxyCommand=" + proxy))).isEqualTo("in");
        assertThatThrownBy(() -> Shell.run(ssh(both.target()))).isInstanceOf(IOException.class);
    }

    @Test
    void killedContainerStartsAgain() throws Exception {
        LabContainer container = lab.container();
        container.kill();
        assertThat(container.process()).isZero();

        container.start();

        assertThat(container.exec("echo", "back")).isEqualTo("back");
    }
}

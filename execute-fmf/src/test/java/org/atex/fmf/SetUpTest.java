package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.atex.api.Connection;
import org.atex.api.Outcome;
import org.atex.api.SetupException;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.atex.lab.Lab;
import org.atex.lab.LabContainer;
import org.atex.lab.LabImage;
import org.atex.lab.SshSystem;
import org.atex.podman.PodmanConnection;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What systems lack: packages that plans install and tests require, by the real package managers; tar. */
@Timeout(120)
class SetUpTest {
    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    private Suite suite;

    @BeforeEach
    void makeSuite() throws Exception {
        suite = new Suite(directory);
    }

    private Connection connect() throws Exception {
        return Suite.connect(lab.ssh());
    }

    @Test
    void requiredAndRecommendedPackagesAreInstalled() throws Exception {
        try (Connection connection = connect()) {
            Ran ran = suite.run(
                    connection,
                    suite.tests("require: [bash, atex-lab-greeting]\nrecommend: [no-such-package, bash]\ntest: |\n"
                            + "    dpkg -l atex-lab-greeting atex-lab-hello\n"),
                    FmfOptions.defaults());
            assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        }
    }

    @Test
    void aRecommendedPackageComesBesideOneThatDoesNotExist() throws Exception {
        try (Connection connection = connect()) {
            Ran ran = suite.run(
                    connection,
                    suite.tests("recommend: [no-such-package, atex-lab-hello]\ntest: dpkg -l atex-lab-hello\n"),
                    FmfOptions.defaults());
            assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        }
    }

    @Test
    void fault12SaysWhichRequiredPackageIsNotThere() throws Exception {
        try (Connection connection = connect()) {
            Ran ran = suite.run(
                    connection,
                    suite.tests("require: [bash, no-such-package, --option]\ntest: 'true'\n"),
                    FmfOptions.defaults());
            assertThat(ran.end().outcome()).isEqualTo(Outcome.SETUP_FAILED);
            assertThat(ran.end().note()).contains("--option");
            Ran other = suite.run(
                    connection, suite.tests("require: [bash, no-such-package]\ntest: 'true'\n"), FmfOptions.defaults());
            assertThat(other.end().note()).contains("no-such-package", "Unable to locate package");
            assertThat(other.results()).singleElement().asString().startsWith("infra null it requires packages");
        }
    }

    @Test
    void aMirrorThatDoesNotAnswerIsNoFaultOfTheTest() throws Exception {
        SshSystem system = lab.ssh();
        system.container().exec("sh", "-c", "printf '#!/bin/sh\\nsleep 1000\\n' >/usr/bin/apt-get");
        try (Connection connection = Suite.connect(system)) {
            Ran ran = suite.run(
                    connection,
                    suite.tests("require: atex-lab-hello\nduration: 1s\ntest: 'true'\n"),
                    FmfOptions.defaults().withInstallWithin(Duration.ofSeconds(2)));
            assertThat(ran.end().outcome()).isEqualTo(Outcome.SETUP_FAILED);
            assertThat(ran.end().note()).contains("atex-lab-hello", "was ended at its limit of 2s");
        }
    }

    @Test
    void anInstallationCostsTheTestNoTime() throws Exception {
        SshSystem system = lab.ssh();
        system.container().exec("sh", "-c", """
                mv /usr/bin/apt-get /usr/bin/apt-get.quick
                printf '#!/bin/sh\\nsleep 3\\nexec apt-get.quick "$@"\\n' >/usr/bin/apt-get
                chmod +x /usr/bin/apt-get
                """);
        try (Connection connection = Suite.connect(system)) {
            Ran ran = suite.run(
                    connection,
                    suite.tests("require: atex-lab-hello\nduration: 2s\ntest: dpkg -l atex-lab-hello\n"),
                    FmfOptions.defaults());
            assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        }
    }

    @Test
    void aPlanInstallsBeforeItsScripts() throws Exception {
        Files.writeString(suite.tree().resolve("main.fmf"), """
                /plan:
                    discover: {how: fmf}
                    prepare:
                      - {how: install, package: [atex-lab-hello]}
                      - {how: shell, script: 'dpkg -l atex-lab-hello && echo READY=yes >>$TMT_PLAN_ENVIRONMENT_FILE'}
                /bad:
                    discover: {how: fmf}
                    prepare: {how: install, package: no-such-package}
                /test:
                    test: '[[ $READY == yes ]]'
                """);
        FmfTests tests = FmfTests.from(suite.tree()).plan("/plan").discover();
        FmfTests bad = FmfTests.from(suite.tree()).plan("/bad").discover();
        try (Connection connection = connect()) {
            assertThat(suite.run(connection, tests, FmfOptions.defaults()).end())
                    .isEqualTo(TestEnd.exited(0));
            assertThatThrownBy(() -> FmfExecutor.factory(bad).open(connection))
                    .isInstanceOf(SetupException.class)
                    .hasMessageContaining("prepare step 1 of /bad")
                    .hasMessageContaining("no-such-package");
        }
    }

    @Test
    void dnfInstallsInOneTransactionAndOnlyWhatIsMissing() throws Exception {
        LabContainer container = lab.container(LabImage.DNF);
        // A Debian in truth, whose own tools would be asked first.
        container.exec("sh", "-c", "rm -f /usr/bin/apt-get /usr/bin/dpkg-query");
        String install = Scripts.INSTALL.text();
        String first = container.exec("bash", "-c", install, "bash", "require", "atex-lab-hello", "atex-lab-greeting");
        assertThat(first).contains("Complete!").containsOnlyOnce("Transaction test succeeded");
        assertThat(container.exec("bash", "-c", install, "bash", "require", "atex-lab-hello", "atex-lab-greeting"))
                .as("nothing is done when all is there")
                .isEmpty();
        assertThat(container.exec("bash", "-c", install, "bash", "recommend", "no-such-package"))
                .doesNotContain("atex-missing");
        assertThatThrownBy(() -> container.exec("bash", "-c", install, "bash", "require", "no-such-package"))
                .hasMessageContaining("no-such-package");
    }

    @Test
    void aSystemWithoutRoomForWhatADetachedTestWritesIsSaidToBeFull() throws Exception {
        LabContainer container = lab.container(LabImage.PLAIN, "--tmpfs=/var/tmp:rw,size=1m");
        try (Connection connection = PodmanConnection.open(container.id())) {
            Ran ran = suite.run(
                    connection,
                    suite.test("head -c 2M /dev/zero >/var/tmp/fill || true; echo ran; sleep 1000"),
                    FmfOptions.defaults().withDetached(Detached.defaults()));
            assertThat(ran.end().outcome()).isEqualTo(Outcome.SETUP_FAILED);
            assertThat(ran.end().note())
                    .contains("no room below /var/tmp", "withSpoolBytes")
                    .doesNotContain("could not be started");
        }
    }

    @Test
    void whatIsExcludedDoesNotArriveWhereThereIsNoTarEither() throws Exception {
        Files.createDirectories(suite.tree().resolve("dir/.git"));
        Files.writeString(suite.tree().resolve("dir/.git/config"), "secret");
        Files.writeString(suite.tree().resolve("dir/file"), "data");
        SshSystem system = lab.ssh();
        system.container().exec("rm", "/usr/bin/tar");
        try (Connection connection = Suite.connect(system)) {
            Ran ran = suite.run(connection, "[[ ! -e dir/.git && $(<dir/file) == data ]]");
            assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        }
    }
}

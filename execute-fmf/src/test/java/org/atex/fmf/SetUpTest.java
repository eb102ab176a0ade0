package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Connection;
import org.atex.api.Outcome;
import org.atex.api.SetupException;
import org.atex.api.TestEnd;
import org.atex.artifacts.ResultReader;
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

/** Installs the packages of plans and tests by real package managers, and copies trees to systems without tar. */
@Timeout(300)
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
    void availablePackagesAreInstalledWhenOthersAreMissing() throws Exception {
        try (Connection connection = connect()) {
            Ran ran = suite.run(
                    connection,
                    suite.tests("recommend: [no-such-package, atex-lab-hello]\ntest: dpkg -l atex-lab-hello\n"),
                    FmfOptions.defaults());
            assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
        }
    }

    @Test
    void aMissingRequiredPackageIsNamed() throws Exception {
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
    void anInstallationHasItsOwnTimeLimit() throws Exception {
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
    void anInstallationDoesNotCountForTheDuration() throws Exception {
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
                    .hasMessageContaining("the prepare phase 1 of /bad failed: its packages")
                    .hasMessageContaining("no-such-package");
        }
    }

    /** {@return a system with dnf; it is a Debian without the commands by which that is detected} */
    private LabContainer dnf() throws Exception {
        LabContainer container = lab.container(LabImage.DNF);
        container.exec("sh", "-c", "rm -f /usr/bin/apt-get /usr/bin/dpkg-query");
        return container;
    }

    private static String install(LabContainer container, String kind, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("bash", "-c", Scripts.INSTALL.text(), "bash", kind, "/srv"));
        command.addAll(List.of(arguments));
        return container.exec(command.toArray(String[]::new));
    }

    @Test
    void dnfInstallsMissingPackagesInOneTransaction() throws Exception {
        LabContainer container = dnf();
        assertThat(install(container, "require", "package=atex-lab-hello", "package=atex-lab-greeting"))
                .contains("Complete!")
                .containsOnlyOnce("Transaction test succeeded");
        assertThat(install(container, "require", "package=atex-lab-hello", "package=atex-lab-greeting"))
                .as("nothing runs if all packages are installed")
                .isEmpty();
        assertThat(install(container, "recommend", "package=no-such-package")).doesNotContain("atex-missing");
        assertThatThrownBy(() -> install(container, "require", "package=no-such-package"))
                .hasMessageContaining("no-such-package");
    }

    @Test
    void allNamesThatDnfAcceptsAreInstalled() throws Exception {
        LabContainer container = dnf();
        container.exec("bash", "-c", """
                set -e
                mkdir /srv/own
                cp /srv/rpms/noarch/atex-lab-*.rpm /srv/own/
                cat >/srv/rpms/comps.xml <<END
                <?xml version="1.0"?>
                <comps><group><id>lab</id><name>lab</name><default>false</default><uservisible>true</uservisible><packagelist>
                <packagereq type="mandatory">atex-lab-greeting</packagereq></packagelist></group></comps>
                END
                rm -r /srv/rpms/repodata
                createrepo_c --quiet -g comps.xml /srv/rpms
                """);
        String version = "atex-lab-hello-1.0-1.noarch";
        for (String form : List.of(
                "atex-lab-hello",
                "atex-lab-hello.noarch",
                "atex-lab-hello-1.0",
                "atex-lab-hello-1.0-1.noarch",
                "atex-lab-hel*",
                "/usr/bin/atex-lab-hello",
                "atex-lab-hello >= 1.0",
                "own/atex-lab-hello-1.0-1.noarch.rpm",
                "/srv/own/atex-lab-hello-1.0-1.noarch.rpm",
                "file:///srv/own/atex-lab-hello-1.0-1.noarch.rpm",
                "@lab")) {
            assertThat(install(container, "require", "package=" + form))
                    .as(form)
                    .doesNotContain("atex-missing");
            assertThat(container.exec("rpm", "-q", "atex-lab-hello")).as(form).contains(version);
            container.exec("sh", "-c", "dnf -q remove -y 'atex-lab-*'");
        }
        for (int i = 0; i < 2; i++) {
            assertThat(install(
                            container,
                            "require",
                            "package=atex-lab-hel*",
                            "package=@lab",
                            "package=own/" + version + ".rpm"))
                    .as("time %d", i)
                    .doesNotContain("atex-missing");
        }
        assertThatThrownBy(() -> install(container, "require", "package=atex-lab-hello >= 2.0"))
                .as("the installed version does not satisfy the requirement")
                .hasMessageContaining("atex-lab-hello >= 2.0");
    }

    @Test
    void aDirectoryOfPackagesIsInstalledExceptExcludedOnes() throws Exception {
        LabContainer container = dnf();
        install(container, "require", "directory=rpms/noarch", "exclude=*-greet*");
        assertThat(container.exec("sh", "-c", "rpm -qa 'atex-lab-*'"))
                .contains("hello")
                .doesNotContain("greeting");
        assertThatThrownBy(() -> install(container, "require", "directory=no/such"))
                .hasMessageContaining("there is no directory /srv/no/such");
    }

    @Test
    void versionsOfPackagesAreInTheResultsOfEachTest() throws Exception {
        Files.writeString(suite.tree().resolve("main.fmf"), """
                /plan:
                    discover: {how: fmf}
                    prepare: {how: install, package: [atex-lab-hello, no-such-package], missing: skip}
                /test:
                    test: 'true'
                """);
        FmfTests tests = FmfTests.from(suite.tree()).plan("/plan").discover();
        FmfOptions options = FmfOptions.defaults().withRecordedPackages(List.of("bash", "no-such-thing"));
        try (Connection connection = connect()) {
            assertThat(suite.run(connection, tests, options).results())
                    .hasSize(2)
                    .first()
                    .asString()
                    .matches("info packages atex-lab-hello 1.0.all( \\(.+\\))?, bash 5\\.\\S+|info packages bash 5.*");
        }
        try (Connection connection = PodmanConnection.open(dnf().id())) {
            Ran ran = suite.run(connection, tests, FmfOptions.defaults());
            assertThat(ran.results())
                    .containsExactly("info packages atex-lab-hello 1.0-1.noarch (lab)", "pass null null");
            try (ResultReader reader = ResultReader.of(ran.artifacts())) {
                assertThat(String.valueOf(reader.next())).containsPattern("repository=lab, digest=sha256:[0-9a-f]{64}");
            }
        }
    }

    @Test
    void aFullDiskOfTheSystemIsReportedByADetachedTest() throws Exception {
        LabContainer container = lab.container(LabImage.PLAIN, "--tmpfs=/var/tmp:rw,size=1m");
        try (Connection connection = PodmanConnection.open(container.id())) {
            Ran ran = suite.run(
                    connection,
                    suite.test("head -c 2M /dev/zero >/var/tmp/fill || true; echo ran; sleep 1000"),
                    FmfOptions.defaults().withDetached(DetachedOptions.defaults()));
            assertThat(ran.end().outcome()).isEqualTo(Outcome.SETUP_FAILED);
            assertThat(ran.end().note())
                    .contains("no room below /var/tmp", "withSpoolBytes")
                    .doesNotContain("could not be started");
        }
    }

    @Test
    void excludedNamesAreNotCopiedToASystemWithoutTar() throws Exception {
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

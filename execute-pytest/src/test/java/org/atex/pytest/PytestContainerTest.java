package org.atex.pytest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.SetupException;
import org.atex.api.TestEnd;
import org.atex.lab.Lab;
import org.atex.lab.LabContainer;
import org.atex.lab.LabImage;
import org.atex.podman.PodmanConnection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs pytest in containers, without a network. */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PytestContainerTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    @TempDir
    Path here;

    private Connection connection;

    @BeforeAll
    void connect() throws Exception {
        LabContainer container = LAB.container(LabImage.PYTHON);
        connection = PodmanConnection.open(container.id());
    }

    @AfterAll
    void disconnect() {
        if (connection != null) {
            connection.close();
        }
    }

    /** Makes a package with one module. */
    private static void makeWheel(Path directory, String name, String code) throws IOException {
        String info = name + "-1.0.dist-info/";
        Map<String, String> files = new TreeMap<>(Map.of(
                name + ".py",
                code,
                info + "METADATA",
                "Metadata-Version: 2.1\nName: " + name + "\nVersion: 1.0\n",
                info + "WHEEL",
                "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
                info + "RECORD",
                ""));
        Path wheel = Files.createDirectories(directory).resolve(name + "-1.0-py3-none-any.whl");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(wheel))) {
            for (Map.Entry<String, String> file : files.entrySet()) {
                zip.putNextEntry(new ZipEntry(file.getKey()));
                zip.write(file.getValue().getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    private String filesLeft() throws InterruptedException {
        return connection.run(Command.bash("echo /var/tmp/*")).stdout().strip();
    }

    @Test
    void aSystemThatIsLostEndsTheTest() throws Exception {
        PytestProject project = new Samples(here).with("test_lost.py", """
                        import os, time
                        def test_lost():
                            os.kill(1, 15)
                            time.sleep(1000)
                        """).project();
        Artifacts into = Artifacts.at(Files.createDirectory(here.resolve("artifacts")));
        try (Connection other =
                        PodmanConnection.open(LAB.container(LabImage.PYTHON).id());
                Executor executor = PytestExecutor.factory(project).open(other)) {
            TestEnd end = executor.run(PytestTest.of("test_lost.py"), into);
            assertThat(end.outcome()).as(end.note()).isEqualTo(Outcome.LOST);
            assertThat(end.systemUsable()).isFalse();
        }
    }

    @Test
    void requirementsAreInstalledFromTheProject() throws Exception {
        Samples samples = new Samples(here)
                .with("requirements.txt", "atex_sample_wheel\n")
                .with("test_wheel.py", """
                        import os, sys, atex_sample_wheel
                        def test_wheel():
                            assert atex_sample_wheel.value == 7
                            assert sys.prefix == os.environ["VIRTUAL_ENV"]
                            assert os.environ["PATH"].startswith(sys.prefix + "/bin:")
                        """);
        makeWheel(here.resolve("wheels"), "atex_sample_wheel", "value = 7\n");
        PytestOptions options = PytestOptions.defaults()
                .withSystemPackages(true)
                .withPipArguments("--no-index", "--find-links", "wheels");
        Artifacts into = Artifacts.at(Files.createDirectory(here.resolve("artifacts")));
        PytestProject project = PytestProject.of(here, "*.txt", "*.py", "wheels");
        try (Executor executor = PytestExecutor.factory(project, options).open(connection)) {
            assertThat(executor.run(PytestTest.of("test_wheel.py"), into))
                    .satisfies(end -> assertThat(end.outcome()).as(end.note()).isEqualTo(Outcome.PASSED));
        }
        assertThat(samples.project().requirements()).isEqualTo("requirements.txt");
        assertThat(filesLeft()).isEqualTo("/var/tmp/*");
    }

    @Test
    void anInstallationThatFailsIsAFailedSetUp() throws Exception {
        PytestProject project = new Samples(here)
                .with("requirements.txt", "atex_no_such_package\n")
                .with("test_a.py", "")
                .project();
        PytestOptions options = PytestOptions.defaults().withPipArguments("--no-index");
        assertThatThrownBy(() -> PytestExecutor.factory(project, options).open(connection))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("the installation of requirements.txt ended with exit code 1")
                .hasMessageContaining("atex_no_such_package")
                .hasMessageContaining("withPipArguments");
        assertThat(filesLeft()).isEqualTo("/var/tmp/*");
    }

    @Test
    void pytestIsInstalledIfThePythonHasNone() throws Exception {
        PytestProject project = new Samples(here)
                .with("requirements.txt", "")
                .with("test_a.py", "")
                .project();
        PytestOptions options = PytestOptions.defaults().withPipArguments("--no-index");
        assertThatThrownBy(() -> PytestExecutor.factory(project, options).open(connection))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("No matching distribution found for pytest");
    }

    @Test
    void aContainerRunsTestsWithoutAnInstallation() throws Exception {
        PytestProject project = new Samples(here).with("tests/test_a.py", """
                        import os
                        def test_a():
                            open(os.environ["ATEX_ARTIFACTS_DIR"] + "/log", "w").write("here")
                        def test_kill(): os.kill(os.getpid(), 9)
                        """).project();
        assertThat(PytestExecutor.collect(project, PytestOptions.defaults(), connection))
                .extracting(PytestTest::target)
                .containsExactly("tests/test_a.py::test_a", "tests/test_a.py::test_kill");
        Artifacts into = Artifacts.at(Files.createDirectory(here.resolve("artifacts")));
        try (Executor executor = PytestExecutor.factory(project).open(connection)) {
            assertThat(executor.run(PytestTest.of("tests/test_a.py::test_a"), into)
                            .outcome())
                    .isEqualTo(Outcome.PASSED);
            assertThat(into.files().resolve("artifacts/log")).hasContent("here");
            Artifacts other = Artifacts.at(Files.createDirectory(here.resolve("other-artifacts")));
            assertThat(executor.run(PytestTest.of("tests/test_a.py::test_kill"), other)
                            .note())
                    .startsWith("pytest was killed by the signal KILL");
        }
        assertThat(filesLeft()).isEqualTo("/var/tmp/*");
    }
}

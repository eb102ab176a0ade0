package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.lab.OpenSsh;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks that the published modules work with their declared dependencies only; podman has a class of its own. */
@Timeout(500)
class ShippedTest {
    private static final String[] ALL = {
        "Api",
        "Results",
        "Local",
        "Libvirt",
        "Slurm",
        "TestingFarm",
        "ACommand",
        "AScenario",
        "FmfTrees",
        "Fmf",
        "JsonLines",
        "JUnitXml",
        "AdHoc",
        "Allure",
        "Ctrf",
        "OpenTest",
        "Tap",
        "ReportPortal",
        "Telemetry",
        "Interleave"
    };

    @TempDir
    private static Path directory;

    @TestFactory
    Stream<DynamicTest> worksWithoutOtherMachines() throws IOException {
        List<String> local = List.of("provision-local");
        return new Shipped(Files.createDirectory(directory.resolve("local")), Map.of())
                .examples(ALL)
                .module("all", List.of(), ALL)
                .module("api", List.of(), "Api")
                .module("artifacts", List.of(), "Results")
                .module("provision-local", List.of(), "Local")
                .module("provision-libvirt", local, "Libvirt")
                .module("provision-slurm", List.of(), "Slurm")
                .module("provision-testingfarm", List.of(), "TestingFarm")
                .module("execute-command", local, "ACommand")
                .module("execute-scenario", local, "AScenario")
                .module("fmf-metadata", List.of(), "FmfTrees")
                .module("execute-fmf", local, "Fmf")
                .module("aggregate-allure", List.of(), "Allure")
                .module("aggregate-ctrf", List.of(), "Ctrf")
                .module("aggregate-jsonl", List.of(), "JsonLines")
                .module("aggregate-junitxml", List.of(), "JUnitXml")
                .module("aggregate-opentest", List.of(), "OpenTest")
                .module("aggregate-reportportal", List.of(), "ReportPortal")
                .module("report-findings", List.of(), "FindingsFiles")
                .module("report-ci", List.of(), "CiJob")
                .module("aggregate-tap", List.of(), "Tap")
                .module("report-html", List.of(), "Html")
                .module("report-junit", List.of(), "JUnit")
                .module("report-opentelemetry", List.of(), "Telemetry")
                .module(
                        "orchestrate-adhoc",
                        List.of("provision-local", "execute-command", "aggregate-junitxml"),
                        "AdHoc")
                .module("interleave", List.of(), "Interleave")
                .module("testkit", List.of(), "Testkit")
                .tests();
    }

    @Test
    void worksOverSsh() throws Exception {
        try (OpenSsh server = OpenSsh.start(Files.createDirectory(directory.resolve("sshd")))) {
            Map<String, String> properties = Map.of(
                    "ssh.destination", server.destination(),
                    "ssh.key", server.directory().resolve("id").toString(),
                    "ssh.known", server.directory().resolve("known_hosts").toString());
            Stream<DynamicTest> tests = new Shipped(Files.createDirectory(directory.resolve("ssh")), properties)
                    .examples("Ssh")
                    .module("all", List.of(), "Ssh")
                    .module("provision-ssh", List.of(), "Ssh")
                    .module("provision-testingfarm", List.of(), "Ssh")
                    .tests();
            // The server must live as long as the tests run.
            assertThat(tests).allSatisfy(test -> test.getExecutable().execute());
        }
    }

    /**
     * A test dependency of the examples may be nearer in the dependency tree, and so remove or change a published one.
     */
    @Test
    void examplesHaveTheLibrariesOfTheModules() throws IOException {
        assumeTrue(System.getProperty("shipped.version") != null, "nothing is shipped before 'mvn package'");
        assertThat(names(Shipped.libraries())).containsAll(names(Shipped.path("all")));
    }

    private static Set<String> names(Set<String> path) {
        return path.stream().map(jar -> Path.of(jar).getFileName().toString()).collect(Collectors.toSet());
    }
}

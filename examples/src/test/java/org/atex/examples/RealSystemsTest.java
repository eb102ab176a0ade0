package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.adhoc.RerunPolicy;
import org.atex.api.Outcome;
import org.atex.api.Provisioner;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfTests;
import org.atex.jsonl.JsonLinesAggregator;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.lab.SshSystem;
import org.atex.podman.PodmanProvisioner;
import org.atex.podman.PullPolicy;
import org.atex.ssh.HostKeys;
import org.atex.ssh.Hosts;
import org.atex.ssh.SshOptions;
import org.atex.ssh.SshProvisioner;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs the example tests on real systems without Python and expects the same results as on local systems. */
@Timeout(400)
@ExtendWith(LeakCheck.class)
class RealSystemsTest {
    private static final Path TREE = Path.of("tests").toAbsolutePath();

    private static final int SYSTEMS = 4;

    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    private final List<RunEvent> events = new CopyOnWriteArrayList<>();

    private RunSummary run(FmfTests tests, Provisioner systems, String state) throws Exception {
        try (systems;
                var results = JsonLinesAggregator.open(directory.resolve("results.jsonl"), directory.resolve("files"));
                var run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(FmfExecutor.factory(tests, Map.of("FLAKY_STATE", state)))
                        .into(results)
                        .reruns(RerunPolicy.maxReruns(1, Outcome.FAILED))
                        .listener(events::add)
                        .build()) {
            return run.run();
        }
    }

    private static Map<String, Outcome> outcomes(RunSummary summary) {
        return summary.tests().stream()
                .collect(Collectors.toMap(TestSummary::name, test -> test.end().outcome(), (a, b) -> a, TreeMap::new));
    }

    private void assertAsExpected(RunSummary summary) {
        Map<String, Outcome> outcomes = outcomes(summary);
        assertThat(summary.problems()).isEmpty();
        assertThat(outcomes).hasSize(22).containsEntry("/outcome/failure", Outcome.FAILED);
        assertThat(outcomes).containsEntry("/outcome/too-long", Outcome.TIMED_OUT);
        outcomes.keySet().removeAll(Set.of("/outcome/failure", "/outcome/too-long", "/outcome/skip"));
        assertThat(outcomes).allSatisfy((test, outcome) -> assertThat(outcome).isEqualTo(Outcome.PASSED));
        assertThat(directory.resolve("files/default/output/upload/programs/programs.txt"))
                .content()
                .contains("sort\n");
        assertThat(directory.resolve("files/default/outcome/too-long/processes.txt"))
                .as("the processes at the time limit")
                .content()
                .contains("Processes that have started since the test began:", " sleep ");
    }

    /**
     * {@return the events, but those of each attempt once} A test that fails on a system without a passed test is held
     * back. Its event is sent again, as the last, when a test passes there.
     */
    private List<RunEvent> withOneEndPerAttempt() {
        Map<String, RunEvent.TestFinished> lastOnes = new HashMap<>();
        for (RunEvent event : events) {
            if (event instanceof RunEvent.TestFinished finished) {
                lastOnes.put(attemptOf(finished.record()), finished);
            }
        }
        List<RunEvent> result = new ArrayList<>();
        for (RunEvent event : events) {
            RunEvent once = event instanceof RunEvent.TestFinished finished
                    ? lastOnes.remove(attemptOf(finished.record()))
                    : event;
            if (once != null) {
                result.add(once);
            }
        }
        return result;
    }

    private static String attemptOf(TestRecord record) {
        return record.name() + " " + record.attempt();
    }

    /** Compares the order of events, not durations, as machines are shared. */
    private void assertNoTestWaitsWhileASystemIsFree(RunSummary summary) {
        List<RunEvent> told = withOneEndPerAttempt();
        Set<String> waiting =
                summary.tests().stream().map(TestSummary::name).collect(Collectors.toCollection(HashSet::new));
        Set<String> used = new HashSet<>();
        int inTime = 0;
        for (int i = 0; i < told.size(); i++) {
            if (told.get(i) instanceof RunEvent.TestStarted started) {
                assertThat(waiting.remove(started.test().name())).isTrue();
                used.add(started.system().name());
            } else if (told.get(i) instanceof RunEvent.TestFinished finished) {
                TestRecord record = finished.record();
                if (!record.last()) {
                    waiting.add(record.name());
                }
                assertFreedSystemIsUsed(told, i, record, waiting);
            } else if (told.get(i) instanceof RunEvent.SystemReady ready && !waiting.isEmpty()) {
                inTime++;
                // Other systems may end and start tests before this one starts its first test.
                assertThat(told.subList(i + 1, told.size()).stream()
                                .filter(event -> concerns(event, ready.system().name()))
                                .findFirst())
                        .get()
                        .isInstanceOf(RunEvent.TestStarted.class);
            }
        }
        assertThat(waiting).isEmpty();
        // A system that is ready after the last test has started is not used; all others are.
        assertThat(used).as("systems with tests").hasSizeBetween(inTime, SYSTEMS);
    }

    /**
     * It gets the next test, unless all that wait are on their way to other systems already. It may even get it before
     * it is told how the last one ended, as the policies of the run are asked meanwhile.
     */
    private static void assertFreedSystemIsUsed(
            List<RunEvent> told, int finished, TestRecord record, Set<String> waiting) {
        String system = String.valueOf(record.system());
        int begun = finished;
        while (!(told.get(begun) instanceof RunEvent.TestStarted started
                && started.test().name().equals(record.name())
                && started.attempt() == record.attempt())) {
            begun--;
        }
        List<RunEvent> later = told.subList(begun + 1, told.size());
        int next = IntStream.range(0, later.size())
                .filter(i -> later.get(i) != told.get(finished) && concerns(later.get(i), system))
                .findFirst()
                .orElse(later.size());
        if (next < later.size() && later.get(next) instanceof RunEvent.TestStarted) {
            return;
        }
        Set<String> startedMeanwhile = later.subList(0, next).stream()
                .filter(RunEvent.TestStarted.class::isInstance)
                .map(event -> ((RunEvent.TestStarted) event).test().name())
                .collect(Collectors.toSet());
        assertThat(startedMeanwhile)
                .as(
                        "tests that are started elsewhere, as %s is free after %s, and then: %s",
                        system, record.name(), next < later.size() ? later.get(next) : "nothing")
                .containsAll(waiting);
    }

    private static boolean concerns(RunEvent event, String system) {
        return switch (event) {
            case RunEvent.TestStarted started -> started.system().name().equals(system);
            case RunEvent.TestFinished finished ->
                system.equals(String.valueOf(finished.record().system()));
            case RunEvent.SystemGone gone -> gone.system().name().equals(system);
            default -> false;
        };
    }

    @Test
    void exampleTestsRunInContainers() throws Exception {
        Path state = Files.createDirectory(directory.resolve("state"));
        FmfTests tests = FmfTests.from(TREE).plan("/plans/all").discover();
        PodmanProvisioner systems = PodmanProvisioner.builder(LabImage.PLAIN.reference())
                .pull(PullPolicy.NEVER)
                .runOptions("--network=none", "--volume=" + state + ":/state")
                .maxSystems(SYSTEMS)
                .build();

        RunSummary summary = run(tests, systems, "/state");
        assertAsExpected(summary);
        assertNoTestWaitsWhileASystemIsFree(summary);
    }

    @Test
    void exampleTestsRunOverSsh() throws Exception {
        SshSystem system = lab.ssh();
        FmfTests tests = FmfTests.from(TREE).plan("/plans/all").discover();
        SshOptions options = SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withKey(system.key())
                .withHostKeys(HostKeys.knownHosts(system.knownHosts()));
        SshProvisioner systems =
                SshProvisioner.builder(Hosts.of(system.destination()), options).build();

        assertAsExpected(run(tests, systems, "/tmp"));
    }
}

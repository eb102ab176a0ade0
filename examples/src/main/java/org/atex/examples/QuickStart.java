package org.atex.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.adhoc.RerunPolicy;
import org.atex.api.AggregationException;
import org.atex.api.AtexException;
import org.atex.api.Outcome;
import org.atex.api.RunSummary;
import org.atex.artifacts.Retention;
import org.atex.console.Progress;
import org.atex.console.StopOnSignal;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfOptions;
import org.atex.fmf.FmfTests;
import org.atex.jsonl.JsonLinesAggregator;
import org.atex.junitxml.JUnitXmlAggregator;
import org.atex.local.LocalProvisioner;

/**
 * Runs an fmf suite on four local systems: {@code QuickStart [tree [results]]}. Bad input is reported in one line on
 * standard error, with the exit code 2.
 */
final class QuickStart {
    public static void main(String[] args) throws Exception {
        Path tree = Path.of(args.length > 0 ? args[0] : "examples/tests");
        Path results = Path.of(args.length > 1 ? args[1] : "results").toAbsolutePath();
        int exitCode;
        try {
            exitCode = run(tree, results).exitCode();
        } catch (AtexException e) {
            System.err.println("quickstart: " + Fmf.oneLine(String.valueOf(e.getMessage())));
            exitCode = 2;
        }
        System.exit(exitCode);
    }

    private static RunSummary run(Path tree, Path results) throws InterruptedException {
        FmfTests tests = FmfTests.from(tree).plan("/plans/all").discover();
        FmfOptions options = FmfOptions.defaults()
                .withEnvironment(Map.of("FLAKY_STATE", results.toString()))
                .withSetUpLogs(results.resolve("set-up"));
        try {
            Files.createDirectories(results);
        } catch (IOException e) {
            throw new AggregationException("could not create the directory " + results + " for results: " + e, e);
        }
        try (var systems = LocalProvisioner.withMaxSystems(4);
                var json = JsonLinesAggregator.open(results.resolve("results.jsonl"), results.resolve("files"));
                var junit = JUnitXmlAggregator.open(results.resolve("junit.xml"));
                var run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(FmfExecutor.factory(tests, options))
                        .into(json)
                        .into(junit)
                        .keep(results.resolve("runs"), Retention.newest(20))
                        .reruns(RerunPolicy.maxReruns(1, Outcome.FAILED))
                        .listener(Progress.onConsole())
                        .build();
                var unused = StopOnSignal.install(run)) {
            return run.run();
        }
    }
}

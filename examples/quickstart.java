///usr/bin/env jbang "$0" "$@" ; exit $?
//DEPS org.atex:atex-all:0.1.0-SNAPSHOT
//JAVA 21+

import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.artifacts.Retention;
import org.atex.console.Progress;
import org.atex.console.StopOnSignal;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfTests;
import org.atex.jsonl.JsonLinesAggregator;
import org.atex.local.LocalProvisioner;

/** Runs the tests of a plan on four local systems: {@code jbang quickstart.java TREE PLAN RESULTS}. */
class quickstart {
    public static void main(String[] args) throws Exception {
        var tests = FmfTests.from(Path.of(args[0])).plan(args[1]).discover();
        var results = Files.createDirectories(Path.of(args[2]));
        int exitCode;
        try (var systems = LocalProvisioner.withMaxSystems(4);
                var json = JsonLinesAggregator.open(results.resolve("results.jsonl"), results.resolve("files"));
                var run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(FmfExecutor.factory(tests))
                        .into(json)
                        .keep(results.resolve("runs"), Retention.newest(20))
                        .listener(Progress.onConsole())
                        .build();
                var signals = StopOnSignal.install(run)) {
            exitCode = run.run().exitCode();
        }
        System.exit(exitCode); // not inside the try: there, nothing would be closed
    }
}

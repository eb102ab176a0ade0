package consumer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.Command;
import org.atex.command.CommandExecutor;
import org.atex.command.CommandTest;
import org.atex.jsonl.JsonLinesAggregator;
import org.atex.local.LocalProvisioner;

/** Runs two commands as tests on this machine, and checks their stored results. */
final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        Path directory = Files.createTempDirectory(Path.of(""), "results");
        Path results = directory.resolve("results.jsonl");
        var tests = List.of(
                CommandTest.of("/passes", Command.of("echo", "hello")), CommandTest.of("/fails", Command.of("false")));
        int exitCode;
        try (var systems = LocalProvisioner.withMaxSystems(2);
                var lines = JsonLinesAggregator.open(results, directory.resolve("files"));
                var run = AdHocOrchestrator.builder(tests)
                        .on("here", systems)
                        .with(CommandExecutor.factory())
                        .into(lines)
                        .build()) {
            exitCode = run.run().exitCode();
        }
        expect(1, exitCode);
        expect(
                List.of(
                        "[\"here\",\"fail\",\"/fails\",null,[\"output.txt\"],\"exit code 1\"]",
                        "[\"here\",\"pass\",\"/passes\",null,[\"output.txt\"],null]"),
                Files.readAllLines(results).stream().sorted().toList());
        expect("hello\n", Files.readString(directory.resolve("files/here/passes/output.txt")));
        System.out.println(
                "consumer: Java on the " + (Main.class.getModule().isNamed() ? "module" : "class") + " path: ok");
    }

    private static void expect(Object expected, Object found) {
        if (!expected.equals(found)) {
            throw new AssertionError("expected " + expected + ", found " + found);
        }
    }
}

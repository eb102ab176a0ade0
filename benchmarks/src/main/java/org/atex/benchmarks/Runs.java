package org.atex.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.Aggregator;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.Provisioner;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.jsonl.JsonLinesAggregator;

/** Code shared by scenarios. */
final class Runs {
    private Runs() {}

    /** {@return the duration of an action, in seconds} */
    static double seconds(Callable<?> what) throws Exception {
        long begin = System.nanoTime();
        what.call();
        return (System.nanoTime() - begin) / 1e9;
    }

    static List<TestCase> tests(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> (TestCase) TestCase.named("/t" + i))
                .toList();
    }

    /** {@return the seconds of a whole run with JSON Lines; all tests must pass} */
    static double run(List<? extends TestCase> tests, Provisioner provisioner, Executor.Factory executors)
            throws Exception {
        return run(tests, provisioner, executors, unused -> {});
    }

    /** {@return the seconds of a whole run with JSON Lines and further options; all tests must pass} */
    static double run(
            List<? extends TestCase> tests,
            Provisioner provisioner,
            Executor.Factory executors,
            Consumer<AdHocOrchestrator.Builder> options)
            throws Exception {
        Path directory = Files.createTempDirectory("atex-bench-");
        try (Aggregator aggregator =
                JsonLinesAggregator.open(directory.resolve("results.jsonl"), directory.resolve("FILES"))) {
            return seconds(() -> {
                AdHocOrchestrator.Builder builder = AdHocOrchestrator.builder(tests)
                        .on(provisioner)
                        .with(executors)
                        .into(aggregator)
                        .workDirectory(directory.resolve("work"));
                options.accept(builder);
                try (AdHocOrchestrator run = builder.build()) {
                    RunSummary summary = run.run();
                    if (summary.counts().getOrDefault(Outcome.PASSED, 0) != tests.size()) {
                        throw new IllegalStateException("not all tests passed: " + summary.counts());
                    }
                    return summary;
                }
            });
        } finally {
            delete(directory);
        }
    }

    /** {@return the seconds that plain Java takes to start a program repeatedly from several threads} */
    static double bare(int count, int threads, List<String> command) throws Exception {
        Path directory = Files.createTempDirectory("atex-bare-");
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            return seconds(() -> {
                List<Future<?>> all = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    Path output = directory.resolve("o" + i);
                    all.add(pool.submit(() -> start(command, output)));
                }
                for (Future<?> one : all) {
                    one.get();
                }
                return null;
            });
        } finally {
            delete(directory);
        }
    }

    private static int start(List<String> command, Path output) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start()
                .waitFor();
    }

    /** {@return the seconds that bash takes to start a program repeatedly from several loops at once} */
    static double shell(int count, int loops, String program) throws Exception {
        Path directory = Files.createTempDirectory("atex-bare-");
        String script = "program=$(type -P \"$3\"); for ((i = 0; i < $2; i++)); do"
                + " \"$program\" </dev/null >>\"$1.$i\" 2>&1; done";
        try {
            return seconds(() -> {
                List<Process> all = new ArrayList<>();
                for (int i = 0; i < loops; i++) {
                    Path output = directory.resolve("o" + i);
                    all.add(new ProcessBuilder(
                                    "bash", "-c", script, "bash", output.toString(), "" + count / loops, program)
                            .start());
                }
                for (Process one : all) {
                    one.waitFor();
                }
                return null;
            });
        } finally {
            delete(directory);
        }
    }

    static void delete(Path directory) {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * {@return the seconds that a new JVM with 64 MiB of heap prints}
     *
     * @param main the class with the main method
     * @param what its first argument
     * @param directory its second argument
     */
    static double child(Class<?> main, String what, Path directory) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        main.getName(),
                        what,
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(what + " failed: " + said);
        }
        return Double.parseDouble(said.strip());
    }
}

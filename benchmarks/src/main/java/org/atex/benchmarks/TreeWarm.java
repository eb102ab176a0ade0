package org.atex.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Measures loading a tree of 10,000 tests, compared to parsing its files only. */
final class TreeWarm implements Scenario {
    @Override
    public String name() {
        return "tree-10k";
    }

    @Override
    public String about() {
        return "load a tree of 10,000 tests, against parsing its files as YAML";
    }

    @Override
    public int samples() {
        return 9;
    }

    @Override
    public Sample measure() throws Exception {
        Path root = LargeTree.write();
        try {
            double parsing = Runs.seconds(() -> parse(root));
            double ours = Runs.seconds(() -> {
                LargeTree.use(root);
                return root;
            });
            return new Sample(ours, parsing);
        } finally {
            Runs.delete(root);
        }
    }

    private static long parse(Path root) throws IOException {
        LoadSettings settings = LoadSettings.builder().build();
        try (Stream<Path> files = Files.walk(root)) {
            List<Path> metadata =
                    files.filter(file -> file.toString().endsWith("/main.fmf")).toList();
            long read = 0;
            for (Path file : metadata) {
                read += String.valueOf(new Load(settings).loadFromString(Files.readString(file)))
                                .isEmpty()
                        ? 0
                        : 1;
            }
            return read;
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.0f ms, parsing alone %.0f ms, ratio %.2f (goal: under 1000 ms)",
                median.seconds() * 1000,
                median.baseline() * 1000,
                median.ratio());
    }
}

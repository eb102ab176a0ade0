package org.atex.benchmarks;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A process that starts, loads a tree of 10,000 tests and ends, with a class data archive and without. */
final class TreeCold implements Scenario {
    @Override
    public String name() {
        return "tree-cold";
    }

    @Override
    public String about() {
        return "a process that loads, adjusts and climbs a tree of 10,000 tests: with a class archive, against without";
    }

    @Override
    public Sample measure() throws Exception {
        Path root = LargeTree.write();
        Path archive = root.resolveSibling(root.getFileName() + ".archive");
        try {
            start(root, making(archive));
            return new Sample(start(root, using(archive)), start(root, List.of()));
        } finally {
            Files.deleteIfExists(archive);
            Runs.delete(root);
        }
    }

    private static List<String> making(Path archive) {
        return List.of((hasAot() ? "-XX:AOTCacheOutput=" : "-XX:ArchiveClassesAtExit=") + archive);
    }

    private static List<String> using(Path archive) {
        return List.of((hasAot() ? "-XX:AOTCache=" : "-XX:SharedArchiveFile=") + archive);
    }

    private static boolean hasAot() {
        return Runtime.version().feature() >= 25;
    }

    private static double start(Path root, List<String> options) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jars()));
        command.addAll(List.of(LargeTree.class.getName(), root.toString()));
        Path output = root.resolveSibling(root.getFileName() + ".output");
        try {
            return Runs.seconds(() -> {
                int code = new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start()
                        .waitFor();
                if (code != 0) {
                    throw new IllegalStateException(command + ": " + Files.readString(output));
                }
                return code;
            });
        } finally {
            Files.deleteIfExists(output);
        }
    }

    /** An archive holds classes of jars only, and these classes are in a directory. */
    private static String jars() throws IOException, URISyntaxException {
        Path classes = Path.of(TreeCold.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        try (Stream<Path> own = Files.list(classes.resolveSibling("."));
                Stream<Path> libraries = Files.list(classes.resolveSibling("lib"))) {
            return Stream.concat(
                            own.filter(
                                    file -> file.getFileName().toString().matches("benchmarks-.*(?<!-sources)\\.jar")),
                            libraries)
                    .map(file -> file.toAbsolutePath().normalize().toString())
                    .sorted()
                    .collect(Collectors.joining(File.pathSeparator));
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.2f s, without an archive %.2f s, ratio %.2f (goal: under 3 s)",
                median.seconds(),
                median.baseline(),
                median.ratio());
    }
}

package org.atex.benchmarks;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Starts programs in separate processes, with an archive of loaded classes. */
final class ColdStart {
    private ColdStart() {}

    /** {@return the options that create an archive: an AOT cache, or a class data archive before JDK 25} */
    static List<String> making(Path archive) {
        return List.of((hasAot() ? "-XX:AOTCacheOutput=" : "-XX:ArchiveClassesAtExit=") + archive);
    }

    /** {@return the options that use an archive} */
    static List<String> using(Path archive) {
        return List.of((hasAot() ? "-XX:AOTCache=" : "-XX:SharedArchiveFile=") + archive);
    }

    private static boolean hasAot() {
        return Runtime.version().feature() >= 25;
    }

    /** {@return the duration of a program from its start to its end} */
    static double seconds(Class<?> program, List<String> options, Path... arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jars()));
        command.add(program.getName());
        for (Path argument : arguments) {
            command.add(argument.toString());
        }
        Path output = Files.createTempFile("atex-cold-", ".output");
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

    /** Returns a class path of jars without directories: an archive can contain classes of jars only. */
    private static String jars() throws IOException, URISyntaxException {
        Path classes = Path.of(ColdStart.class
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
}

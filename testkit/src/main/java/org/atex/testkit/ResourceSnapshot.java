package org.atex.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The threads, child processes, open files and temporary files of this JVM at one moment, without those that the JVM
 * and JUnit need for themselves. Immutable.
 *
 * @param resources a description for each resource, by an object that identifies it
 */
record ResourceSnapshot(Map<Object, String> resources) {
    /** Threads that the JVM, its libraries or JUnit start at any time and keep. */
    private static final Pattern IGNORED_THREADS = Pattern.compile(
            "process reaper.*|ForkJoinPool.*|VirtualThread-.*|.*Poller|.*Cleaner.*|Signal Dispatcher|SIG.*"
                    + " handler|Finalizer|Reference Handler|Attach"
                    + " Listener|CompletableFutureDelayScheduler|(?i:junit|surefire).*|C[12] CompilerThread.*|Notification"
                    + " Thread|DestroyJavaVM");

    /** Class files, sources of randomness, and descriptors with which the JVM itself waits. */
    private static final Pattern IGNORED_FILES =
            Pattern.compile(".*\\.(jar|class|jmod|so)|.*/lib/modules|/dev/u?random|anon_inode:.*|/proc/.*");

    /** Temporary directories that other programs use, too, including other runs of the same tests. */
    private static final Set<Path> SHARED_DIRECTORIES = Set.of(Path.of("/tmp"), Path.of("/var/tmp"));

    static {
        // The first socket makes the JVM open a descriptor that it keeps. This must happen before the first snapshot.
        try (ServerSocket unused = new ServerSocket()) {
            unused.setReuseAddress(true);
        } catch (IOException e) {
            throw new UncheckedIOException("could not create a socket on this machine", e);
        }
        // A class that HTTP clients use. It creates sockets which only the garbage collector closes.
        try {
            Class.forName("jdk.net.Sockets");
        } catch (ClassNotFoundException e) {
            // Without the module jdk.net, no client can use it.
        }
    }

    static ResourceSnapshot take() {
        Map<Object, String> resources = new LinkedHashMap<>();
        addThreads(resources);
        addProcesses(resources);
        addFiles(resources);
        addTemporaryDirectories(resources);
        return new ResourceSnapshot(resources);
    }

    /**
     * {@return descriptions of the resources of this snapshot that an earlier one does not have}
     *
     * @param before the earlier snapshot
     */
    List<String> addedSince(ResourceSnapshot before) {
        List<String> added = new ArrayList<>();
        resources.forEach((key, description) -> {
            if (!before.resources.containsKey(key)) {
                added.add(description);
            }
        });
        return added;
    }

    private static void addThreads(Map<Object, String> resources) {
        Thread.getAllStackTraces().forEach((thread, stack) -> {
            if (!thread.equals(Thread.currentThread())
                    && !IGNORED_THREADS.matcher(thread.getName()).matches()) {
                String place = Stream.of(stack)
                        .limit(8)
                        .map(frame -> "\n      at " + frame)
                        .reduce("", String::concat);
                resources.put(thread, "thread '" + thread.getName() + "'" + place);
            }
        });
    }

    private static void addProcesses(Map<Object, String> resources) {
        ProcessHandle.current().descendants().filter(ProcessHandle::isAlive).forEach(process -> {
            // Without a command line if the process has ended in this moment.
            String commandLine = process.info().commandLine().orElse("ended");
            resources.put(process, "process " + process.pid() + ": " + commandLine);
        });
    }

    private static void addFiles(Map<Object, String> resources) {
        Map<String, Integer> seen = new LinkedHashMap<>();
        for (Path descriptor : entries(Path.of("/proc/self/fd"))) {
            try {
                String file = Files.readSymbolicLink(descriptor).toString();
                if (!IGNORED_FILES.matcher(file).matches()) {
                    // The kernel reuses descriptor numbers, so a file is identified by its path and the number of times
                    // it is open.
                    int times = seen.merge(file, 1, Integer::sum);
                    resources.put(
                            List.of(file, times),
                            "open file " + file + " (descriptor " + descriptor.getFileName() + ")");
                }
            } catch (IOException e) {
                // closed meanwhile
            }
        }
    }

    private static void addTemporaryDirectories(Map<Object, String> resources) {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        for (Path path : SHARED_DIRECTORIES.contains(temporary) ? List.<Path>of() : entries(temporary)) {
            if (String.valueOf(path.getFileName()).startsWith("atex")) {
                resources.put(path, "temporary file or directory " + path);
            }
        }
    }

    private static List<Path> entries(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of();
        }
    }
}

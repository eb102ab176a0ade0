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
 * What this JVM holds at one moment, but for what it holds for itself.
 *
 * @param things what identifies each, and how to tell people of it
 */
record Holdings(Map<Object, String> things) {
    /** Threads that the JVM, its libraries and JUnit start when they please, and keep. */
    private static final Pattern OTHERS_THREADS = Pattern.compile(
            "process reaper.*|ForkJoinPool.*|VirtualThread-.*|.*Poller|.*Cleaner.*|Signal Dispatcher|SIG.*"
                    + " handler|Finalizer|Reference Handler|Attach"
                    + " Listener|CompletableFutureDelayScheduler|(?i:junit|surefire).*|C[12] CompilerThread.*|Notification"
                    + " Thread|DestroyJavaVM");

    /** Class files and sources of randomness, and the JVM's own means of waiting. */
    private static final Pattern OTHERS_FILES =
            Pattern.compile(".*\\.(jar|class|jmod|so)|.*/lib/modules|/dev/u?random|anon_inode:.*|/proc/.*");

    /** Where other programs, even other tests of the same things, leave theirs. */
    private static final Set<Path> SHARED = Set.of(Path.of("/tmp"), Path.of("/var/tmp"));

    static {
        // The JVM keeps a socket for good from the first time that it deals with one: let that be before anybody looks.
        try (ServerSocket unused = new ServerSocket()) {
            unused.setReuseAddress(true);
        } catch (IOException e) {
            throw new UncheckedIOException("there are no sockets here", e);
        }
    }

    static Holdings now() {
        Map<Object, String> things = new LinkedHashMap<>();
        addThreads(things);
        addProcesses(things);
        addFiles(things);
        addTemporaryDirectories(things);
        return new Holdings(things);
    }

    /**
     * {@return what is here and was not there, in words}
     *
     * @param before what was there
     */
    List<String> without(Holdings before) {
        List<String> more = new ArrayList<>();
        things.forEach((thing, words) -> {
            if (!before.things.containsKey(thing)) {
                more.add(words);
            }
        });
        return more;
    }

    private static void addThreads(Map<Object, String> things) {
        Thread.getAllStackTraces().forEach((thread, stack) -> {
            if (!thread.equals(Thread.currentThread())
                    && !OTHERS_THREADS.matcher(thread.getName()).matches()) {
                String place = Stream.of(stack)
                        .limit(8)
                        .map(frame -> "\n      at " + frame)
                        .reduce("", String::concat);
                things.put(thread, "thread '" + thread.getName() + "'" + place);
            }
        });
    }

    private static void addProcesses(Map<Object, String> things) {
        ProcessHandle.current().descendants().filter(ProcessHandle::isAlive).forEach(process -> {
            String what = process.info().commandLine().orElse("that has just ended");
            things.put(process, "process " + process.pid() + ": " + what);
        });
    }

    private static void addFiles(Map<Object, String> things) {
        Map<String, Integer> seen = new LinkedHashMap<>();
        for (Path descriptor : entries(Path.of("/proc/self/fd"))) {
            try {
                String file = Files.readSymbolicLink(descriptor).toString();
                if (!OTHERS_FILES.matcher(file).matches()) {
                    // Numbers are used again: what counts is how often a file is open.
                    int times = seen.merge(file, 1, Integer::sum);
                    things.put(
                            List.of(file, times),
                            "open file " + file + " (descriptor " + descriptor.getFileName() + ")");
                }
            } catch (IOException e) {
                // closed meanwhile
            }
        }
    }

    private static void addTemporaryDirectories(Map<Object, String> things) {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        for (Path path : SHARED.contains(temporary) ? List.<Path>of() : entries(temporary)) {
            if (String.valueOf(path.getFileName()).startsWith("atex")) {
                things.put(path, "temporary file or directory " + path);
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

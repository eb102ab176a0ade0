package org.atex.testkit;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A disk with room for 8 MiB, for trying what happens when there is none: in memory, and seen only by a process of its
 * own, whose end removes it. Works for root, and for others where the kernel lets them have name spaces.
 */
public final class SmallDisk {
    private static final String MOUNT = "mount -t tmpfs -o size=8m tmpfs \"$1\" && cd \"$2\" && exec \"${@:3}\"";

    private SmallDisk() {}

    /**
     * {@return whether this user may have one}
     *
     * @param disk an empty directory
     * @throws InterruptedException if interrupted
     */
    public static boolean isPossible(Path disk) throws InterruptedException {
        try {
            return start(disk, disk.toAbsolutePath().getRoot(), List.of("true")).waitFor() == 0;
        } catch (IOException e) {
            return false; // there is no unshare here
        }
    }

    /**
     * Runs a class of the class path with a small disk.
     *
     * @param disk an empty directory, where it sees the disk; its only argument
     * @param directory where it runs
     * @param main the class, with a {@code main}
     * @return its process, whose errors go to ours
     * @throws IOException if it cannot be started
     */
    public static Process run(Path disk, Path directory, Class<?> main) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = System.getProperty("java.class.path");
        return start(disk, directory, List.of(java, "-Xmx64m", "-cp", classes, main.getName(), disk.toString()));
    }

    private static Process start(Path disk, Path directory, List<String> command) throws IOException {
        // A name space of its own for mounts; whoever is not root has them in one of users too.
        boolean root = "root".equals(System.getProperty("user.name"));
        List<String> all = new ArrayList<>(root ? List.of("unshare", "--mount") : List.of("unshare", "-rm"));
        all.addAll(List.of("bash", "-c", MOUNT, "bash", disk.toString(), directory.toString()));
        all.addAll(command);
        return new ProcessBuilder(all)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /**
     * Writes a file {@code filler} until there is no room.
     *
     * @param disk the disk
     * @return what the system said
     */
    public static IOException fill(Path disk) {
        byte[] piece = new byte[4096];
        try (OutputStream filler = Files.newOutputStream(disk.resolve("filler"))) {
            while (true) {
                filler.write(piece);
            }
        } catch (IOException e) {
            return e;
        }
    }

    /**
     * Takes that away.
     *
     * @param disk the disk
     * @throws IOException if it cannot be deleted
     */
    public static void makeRoom(Path disk) throws IOException {
        Files.delete(disk.resolve("filler"));
    }
}

package org.atex.testkit;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * A disk of 8 MiB for tests of full disks. It is a tmpfs in the mount namespace of one child process, and disappears
 * with that process. This works for root, and for other users if the kernel allows them user namespaces.
 */
public final class SmallDisk {
    private static final String MOUNT = "mount -t tmpfs -o size=8m tmpfs \"$1\" && cd \"$2\" && exec \"${@:3}\"";

    /** The size of the blocks of tmpfs. */
    private static final int PAGE = 4096;

    private SmallDisk() {}

    /**
     * {@return whether the current user can create such a disk}
     *
     * @param disk an empty directory
     * @throws InterruptedException if the thread is interrupted
     */
    public static boolean isPossible(Path disk) throws InterruptedException {
        try {
            return start(disk, disk.toAbsolutePath().getRoot(), List.of("true")).waitFor() == 0;
        } catch (IOException e) {
            return false; // the program unshare is missing
        }
    }

    /**
     * Starts a JVM with a class of the class path, with a small disk mounted.
     *
     * @param disk an empty directory, which becomes the mount point; the only argument of the class
     * @param directory the working directory
     * @param main the class, with a {@code main} method
     * @return the process; its standard error is that of this JVM
     * @throws IOException if the process cannot be started
     */
    public static Process run(Path disk, Path directory, Class<?> main) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = System.getProperty("java.class.path");
        return start(disk, directory, List.of(java, "-Xmx64m", "-cp", classes, main.getName(), disk.toString()));
    }

    private static Process start(Path disk, Path directory, List<String> command) throws IOException {
        // A mount namespace needs privileges. A user without them first gets a user namespace, in which it maps to
        // root.
        boolean root = "root".equals(System.getProperty("user.name"));
        List<String> all = new ArrayList<>(root ? List.of("unshare", "--mount") : List.of("unshare", "-rm"));
        all.addAll(List.of("bash", "-c", MOUNT, "bash", disk.toString(), directory.toString()));
        all.addAll(command);
        return new ProcessBuilder(all)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /**
     * Writes a file {@code filler} until the disk is full.
     *
     * @param disk the disk
     * @return the exception of the failed write
     */
    public static IOException fill(Path disk) {
        // Not a single byte is free afterwards.
        byte[] piece = new byte[PAGE];
        try (OutputStream filler = Files.newOutputStream(disk.resolve("filler"))) {
            while (true) {
                filler.write(piece);
            }
        } catch (IOException e) {
            return e;
        }
    }

    /**
     * Shortens the file {@code filler}, so that 4 KiB are free.
     *
     * @param disk the disk
     * @throws IOException if the file cannot be changed
     */
    public static void makeLittleRoom(Path disk) throws IOException {
        try (FileChannel filler = FileChannel.open(disk.resolve("filler"), StandardOpenOption.WRITE)) {
            filler.truncate(filler.size() - PAGE);
        }
    }

    /**
     * Deletes the file {@code filler}.
     *
     * @param disk the disk
     * @throws IOException if the file cannot be deleted
     */
    public static void makeRoom(Path disk) throws IOException {
        Files.delete(disk.resolve("filler"));
    }
}

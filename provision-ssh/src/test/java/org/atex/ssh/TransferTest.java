package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.ConnectionLostException;
import org.atex.api.TransferException;
import org.atex.lab.OpenSsh;
import org.atex.testkit.Call;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Copies of files and trees to and from a real OpenSSH server, by tar streams and, without tar, by sftp. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class TransferTest {
    private static final FileTime TIME = FileTime.fromMillis(1_500_000_000_000L);

    @TempDir
    private Path directory;

    private OpenSsh server;
    private Path here;
    private Path there;
    private Path back;

    private enum Way {
        TAR,
        SFTP;

        /** A PATH without tar, with everything else that is needed. */
        SshOptions options(OpenSsh server) throws Exception {
            if (this == TAR) {
                return Logins.options(server);
            }
            Path programs = Files.createDirectories(server.directory().resolve("programs"));
            for (String name : List.of("sh", "env", "mkdir", "cat", "sleep")) {
                Path program = programs.resolve(name);
                if (!Files.exists(program)) {
                    Files.createSymbolicLink(program, Path.of("/bin", name).toRealPath());
                }
            }
            return Logins.options(server).withEnvironment(Map.of("PATH", programs.toString()));
        }

        SshConnection connect(OpenSsh server) throws Exception {
            return SshConnection.open(server.destination(), options(server));
        }
    }

    @BeforeEach
    void start() throws Exception {
        server = OpenSsh.start(Files.createDirectory(directory.resolve("server")));
        here = Files.createDirectory(directory.resolve("here"));
        there = directory.resolve("there");
        back = directory.resolve("back");
    }

    @AfterEach
    void stop() throws Exception {
        if (server != null) {
            server.close();
        }
        VirtualThreads.awaitNone();
    }

    /** {@return the entries of a tree by their paths: kind, mode, time and content} */
    private static Map<String, String> tree(Path root) throws IOException {
        Map<String, String> all = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(root)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                String name = root.relativize(path).toString();
                if (Files.isSymbolicLink(path)) {
                    all.put(name, "link to " + Files.readSymbolicLink(path));
                } else {
                    String mode = Integer.toOctalString(
                            (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS));
                    long seconds = Files.getLastModifiedTime(path).toMillis() / 1000;
                    String content = Files.isDirectory(path)
                            ? ""
                            : Files.size(path) + " " + Arrays.hashCode(Files.readAllBytes(path));
                    all.put(name, mode + " " + seconds + " " + content);
                }
            }
        }
        return all;
    }

    private void assertRoundTrip(Way way) throws Exception {
        try (SshConnection connection = way.connect(server)) {
            connection.upload(here, there.toString());
            assertThat(tree(there)).isEqualTo(tree(here));
            connection.download(there.toString(), back);
            assertThat(tree(back)).isEqualTo(tree(here));
        }
    }

    @Test
    void thousandsOfSmallFilesAreCopied() throws Exception {
        for (int i = 0; i < 2000; i++) {
            Path file = here.resolve("d" + i % 20 + "/e" + i % 7 + "/file" + i);
            Files.createDirectories(file.getParent());
            Files.writeString(file, "content " + i);
        }
        assertRoundTrip(Way.TAR);
    }

    @ParameterizedTest
    @EnumSource
    void aTreeIsCopiedWithModesTimesAndLinks(Way way) throws Exception {
        List<String> names = List.of(
                "plain",
                "with space",
                " leading",
                "trailing ",
                "-dash",
                "--help",
                "new\nline",
                "back\\slash",
                "quote'\"`$(id)",
                "star*?[a]",
                "umlaut-\u00e4\u20ac\ud83d\ude00",
                "x".repeat(200),
                "\u00e4".repeat(100),
                ".hidden",
                "tab\t",
                "percent%s%n",
                "~",
                "#",
                "a:b");
        Path deep = here;
        for (int i = 0; i < 6; i++) {
            deep = Files.createDirectory(deep.resolve("directory-" + "y".repeat(60)));
        }
        for (Path parent : List.of(here, deep)) {
            for (String name : names) {
                Files.writeString(parent.resolve(name), "content of " + name);
                Files.writeString(
                        Files.createDirectory(parent.resolve(name + ".d")).resolve(name), "more");
            }
        }
        Files.write(here.resolve("empty"), new byte[0]);
        Files.createDirectory(here.resolve("empty directory"));
        Files.createSymbolicLink(here.resolve("link"), Path.of("plain"));
        Files.createSymbolicLink(here.resolve("dangling"), Path.of("/not/there"));
        Files.createSymbolicLink(here.resolve("link to directory"), Path.of("empty directory"));
        Files.createSymbolicLink(here.resolve("long link"), Path.of("z".repeat(180)));
        Files.createLink(here.resolve("second name"), here.resolve("plain"));
        for (String mode : List.of("rwx------", "r--r--r--", "rwxr-x--x", "---------", "rw-rw-rw-")) {
            Path file = Files.writeString(here.resolve(mode), mode);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        }
        Files.setAttribute(here.resolve("plain"), "unix:mode", 04755);
        Path closed = Files.createDirectory(here.resolve("read-only"));
        Files.writeString(closed.resolve("in it"), "inside");
        try (Stream<Path> paths = Files.walk(here)) {
            for (Path path : (Iterable<Path>) paths.filter(path -> !Files.isSymbolicLink(path))::iterator) {
                Files.setLastModifiedTime(path, TIME);
            }
        }
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("r-xr-xr-x"));

        assertRoundTrip(way);
        assertRoundTrip(way); // over the existing tree
    }

    @ParameterizedTest
    @EnumSource
    void aFileWithAnyNameIsCopied(Way way) throws Exception {
        Path file = Files.writeString(here.resolve("-a file\n'"), "its content");
        Files.setLastModifiedTime(file, TIME);
        try (SshConnection connection = way.connect(server)) {
            String target = there + "/not/yet/there/- \n'\u00e4";
            connection.upload(file, target);
            assertThat(Path.of(target)).hasSameTextualContentAs(file);
            connection.download(target, back.resolve("neither/-x"));
            assertThat(tree(back.resolve("neither")))
                    .containsEntry("-x", tree(here).get("-a file\n'"));
            // A link is copied as a link, not followed.
            Files.createSymbolicLink(here.resolve("link"), Path.of("/somewhere"));
            connection.upload(here.resolve("link"), there + "/link");
            connection.download(there + "/link", back.resolve("link"));
            assertThat(Files.readSymbolicLink(back.resolve("link"))).isEqualTo(Path.of("/somewhere"));
        }
    }

    /** Relative paths begin in the home directory of the login user, as for commands. */
    @ParameterizedTest
    @EnumSource
    void relativePathsBeginInTheHomeDirectory(Way way) throws Exception {
        String name = ".atex-test-" + ProcessHandle.current().pid() + "-" + way;
        Path file = Files.writeString(here.resolve("file"), "content");
        Path home = Path.of(System.getProperty("user.home"), name);
        try (SshConnection connection = way.connect(server)) {
            connection.upload(here, name);
            connection.upload(file, name + "/other/");
            connection.download(name + "/other", back.resolve("other"));
            connection.download(name + "/", back.resolve("tree"));
            assertThat(back.resolve("other")).hasSameTextualContentAs(file);
            assertThat(back.resolve("tree/file")).hasSameTextualContentAs(file);
        } finally {
            new ProcessBuilder("rm", "-rf", home.toString()).start().waitFor();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aLargeFileIsCopied(Way way) throws Exception {
        int size = way == Way.TAR ? 200_000_000 : 50_000_000;
        Path file = here.resolve("large");
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.setLength(size);
            byte[] some = new byte[1000];
            new Random(1).nextBytes(some);
            for (long at = 0; at < size; at += 1_000_003) {
                out.seek(at);
                out.write(some);
            }
        }
        try (SshConnection connection = way.connect(server)) {
            connection.upload(file, there.toString());
            assertThat(Files.mismatch(file, there)).isEqualTo(-1);
            connection.download(there.toString(), back);
            assertThat(Files.mismatch(file, back)).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void progressIsReported(Way way) throws Exception {
        Files.write(here.resolve("a"), new byte[1_000_000]);
        Files.write(here.resolve("b"), new byte[500_000]);
        List<Long> moved = new ArrayList<>();
        Map<String, Long> last = new HashMap<>();
        SshOptions options = way.options(server).withTransferListener((path, bytes) -> {
            moved.add(bytes);
            last.put(Path.of(path).getFileName().toString(), bytes);
        });
        try (SshConnection connection = SshConnection.open(server.destination(), options)) {
            connection.upload(here, there.toString());
            assertThat(moved).endsWith(1_500_000L); // without tar, the transfer starts again
            assertThat(last).containsOnlyKeys("a", "b");
            moved.clear();
            connection.download(there.toString(), back);
            assertThat(moved).isSorted().endsWith(1_500_000L);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theMessageNamesTheFileThatCannotBeCopied(Way way) throws Exception {
        Path file = Files.writeString(here.resolve("file"), "content");
        Files.createDirectories(there.resolve("directory"));
        Files.createDirectories(back.resolve("directory/full"));
        try (SshConnection connection = way.connect(server)) {
            assertFails(() -> connection.upload(here.resolve("missing"), there + "/x"), "missing", there + "/x");
            assertFails(
                    () -> connection.upload(file, there + "/directory"), "file", there + "/directory", "in the way");
            assertFails(() -> connection.upload(file, "/proc/none/x"), "file", "/proc/none/x", server.destination());
            assertFails(() -> connection.upload(file, "/dev/full/x"), "file", "/dev/full/x");
            assertFails(
                    () -> connection.download(there + "/missing", back.resolve("x")), there + "/missing", "No such");
            assertFails(
                    () -> connection.download(file.toString(), back.resolve("directory")),
                    file.toString(),
                    "in the way");
            assertFails(() -> connection.download(file.toString(), Path.of("/proc/none/x")), "/proc/none/x");
            assertFails(() -> connection.download(file.toString(), file.resolve("x")), file + "/x");
            assertThat(connection.run(Command.of("cat", file.toString())).stdout())
                    .isEqualTo("content");
        }
    }

    private static byte[] noise(int size) {
        byte[] bytes = new byte[size];
        new Random(1).nextBytes(bytes);
        return bytes;
    }

    private static void assertFails(Call.Work work, String... words) {
        assertThatThrownBy(work::run).isInstanceOf(TransferException.class).hasMessageContainingAll(words);
    }

    @ParameterizedTest
    @EnumSource
    void aFullDiskIsReported(Way way) throws Exception {
        Path full = Path.of("/dev/shm/atex-full-" + ProcessHandle.current().pid());
        Files.createDirectory(full);
        boolean mounted = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", full.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor()
                == 0;
        try {
            assumeTrue(mounted, "cannot mount a small disk here");
            Path file = Files.write(here.resolve("file"), noise(5_000_000));
            try (SshConnection connection = way.connect(server)) {
                assertFails(() -> connection.upload(file, full + "/x"), "file", full + "/x");
                Files.deleteIfExists(full.resolve("x"));
                assertFails(
                        () -> connection.download(file.toString(), full.resolve("y")), "file", full + "/y", "space");
            }
        } finally {
            if (mounted) {
                new ProcessBuilder("umount", full.toString()).start().waitFor();
            }
            Files.delete(full);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatShrinksWhileItIsReadIsReadAgain(Way way) throws Exception {
        Path file = Files.write(here.resolve("shrinking"), noise(3_000_000));
        AtomicLong times = new AtomicLong();
        SshOptions options = way.options(server).withTransferListener((path, bytes) -> {
            if (times.incrementAndGet() == 1) {
                try (RandomAccessFile shorter = new RandomAccessFile(file.toFile(), "rw")) {
                    shorter.setLength(1_000_000);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        });
        try (SshConnection connection = SshConnection.open(server.destination(), options)) {
            connection.upload(here, there.toString());
            assertThat(there.resolve("shrinking")).hasSameBinaryContentAs(file);
        }
    }

    @Test
    void aFileThatGrowsWhileItIsReadIsCopiedWithItsOldLength() throws Exception {
        Path file = Files.write(here.resolve("growing"), noise(3_000_000));
        AtomicLong times = new AtomicLong();
        SshOptions options = Logins.options(server).withTransferListener((path, bytes) -> {
            if (times.incrementAndGet() == 1) {
                try {
                    Files.write(file, new byte[100], StandardOpenOption.APPEND);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        });
        try (SshConnection connection = SshConnection.open(server.destination(), options)) {
            connection.upload(here, there.toString());
            assertThat(there.resolve("growing")).hasSize(3_000_000);
        }
    }

    /** Copies until it is interrupted or the link is lost, after some progress. */
    private Call<Boolean> endless(Way way, boolean up, SshConnection[] connections, CountDownLatch moving)
            throws Exception {
        Path file = Files.write(here.resolve("file"), noise(20_000_000));
        SshConnection connection = SshConnection.open(
                server.destination(), way.options(server).withTransferListener((path, bytes) -> moving.countDown()));
        connections[0] = connection;
        return Call.to(() -> {
            while (true) {
                if (up) {
                    connection.upload(file, there + "/file");
                } else {
                    connection.download(file.toString(), back.resolve("file"));
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aTransferCanBeInterrupted(Way way) throws Exception {
        for (boolean up : new boolean[] {true, false}) {
            SshConnection[] connection = new SshConnection[1];
            CountDownLatch moving = new CountDownLatch(3);
            Call<Boolean> copying = endless(way, up, connection, moving);
            try {
                moving.await();
                copying.interrupt();
                assertThat(copying.failure()).isInstanceOf(InterruptedException.class);
                assertThat(connection[0].run(Command.of("cat", "/dev/null")).succeeded())
                        .isTrue();
                connection[0].upload(here.resolve("file"), there + "/again");
                assertThat(there.resolve("again")).hasSize(20_000_000);
            } finally {
                connection[0].close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aLossDuringATransferIsReported(Way way) throws Exception {
        for (boolean up : new boolean[] {true, false}) {
            SshConnection[] connection = new SshConnection[1];
            CountDownLatch moving = new CountDownLatch(3);
            Call<Boolean> copying = endless(way, up, connection, moving);
            try {
                moving.await();
                server.cutConnections();
                assertThat(copying.failure())
                        .isInstanceOf(ConnectionLostException.class)
                        .hasMessageContaining(server.destination());
            } finally {
                connection[0].close();
            }
        }
    }
}

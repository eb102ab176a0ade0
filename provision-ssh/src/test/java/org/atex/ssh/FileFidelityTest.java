package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.atex.api.Command;
import org.atex.api.TransferException;
import org.atex.lab.OpenSsh;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/**
 * Properties of files that a copy keeps with different tools on the system: any bytes in names, holes, times, kernel
 * files.
 */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class FileFidelityTest {
    private static final long HOLE = 1L << 28;

    @TempDir
    private Path directory;

    private OpenSsh server;
    private Path source;
    private Path uploaded;
    private Path downloaded;

    /** The programs on the system. */
    enum Tools {
        GNU("sh", "env", "mkdir", "cat", "stat", "tar", "xargs", "mktemp", "cp", "chmod", "rm", "sleep"),
        BUSYBOX("sh", "env", "mkdir", "cat", "stat", "tar", "xargs", "mktemp", "cp", "chmod", "rm", "sleep"),
        NO_STAT("sh", "env", "mkdir", "cat", "tar", "mktemp", "cp", "chmod", "rm", "sleep"),
        NO_TAR("sh", "env", "mkdir", "cat", "sleep");

        private final List<String> programs;

        Tools(String... programs) {
            this.programs = List.of(programs);
        }

        SshOptions options(OpenSsh server) throws Exception {
            Path busybox = Path.of("/bin/busybox");
            assumeTrue(this != BUSYBOX || Files.exists(busybox), "this machine has no busybox");
            Path path = Files.createDirectories(server.directory().resolve("programs-" + this));
            for (String name : programs) {
                Path program = path.resolve(name);
                if (!Files.exists(program)) {
                    Files.createSymbolicLink(
                            program,
                            this == BUSYBOX ? busybox : Path.of("/bin", name).toRealPath());
                }
            }
            return Logins.options(server).withEnvironment(Map.of("PATH", path.toString()));
        }
    }

    @BeforeEach
    void start() throws Exception {
        server = OpenSsh.start(Files.createDirectory(directory.resolve("server")));
        source = Files.createDirectory(directory.resolve("here"));
        uploaded = directory.resolve("there");
        downloaded = directory.resolve("back");
    }

    @AfterEach
    void stop() throws Exception {
        if (server != null) {
            server.close();
        }
        VirtualThreads.awaitNone();
    }

    private SshConnection connect(Tools tools) throws Exception {
        return SshConnection.open(server.destination(), tools.options(server));
    }

    /** {@return the output of a script that runs on this machine, one character per byte} */
    private static String output(String script, Path argument) throws Exception {
        Process shell = new ProcessBuilder("sh", "-c", script, "sh", argument.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(shell.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertThat(shell.waitFor()).as(script).isZero();
        return output;
    }

    private static String listed(Path tree) throws Exception {
        return output("""
                cd "$1" && LC_ALL=C && export LC_ALL && find . | sort || exit
                find . -type f | sort | xargs -d '\\n' cat && find . -type l | sort | xargs -d '\\n' -n 1 readlink
                """, tree);
    }

    private static long kilobytes(Path path) throws Exception {
        return Long.parseLong(output("du -sk \"$1\"", path).replaceAll("\\D.*\n", ""));
    }

    @ParameterizedTest
    @EnumSource
    void namesCanHaveAnyBytes(Tools tools) throws Exception {
        output("""
                cd "$1" && mkdir d && cd d || exit
                for name in "$(printf 'u\\374')" "$(printf 'u\\344')" "$(printf 'u\\303\\274')" "$(printf '\\377\\376')" \
                    "$(printf '%0120d\\374' 0)" "$(printf '%0120d\\344' 0)"; do
                    printf %s "$name" >"$name" && mkdir "$name.d" && ln -s "$name" "link $name" || exit
                done
                """, source);
        try (SshConnection connection = connect(tools)) {
            connection.upload(source, uploaded.toString());
            assertThat(listed(uploaded)).isEqualTo(listed(source)).contains("u\u00fc\n", "u\u00e4\n", "\u00ff\u00fe\n");
            connection.download(uploaded.toString(), downloaded);
            assertThat(listed(downloaded)).isEqualTo(listed(source));
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NO_STAT") // without stat, tar trusts the size that the kernel reports
    void kernelFilesAreCopiedCompletely(Tools tools) throws Exception {
        try (SshConnection connection = connect(tools)) {
            for (String file : List.of("/proc/version", "/sys/kernel/fscaps")) {
                connection.download(file, downloaded);
                assertThat(downloaded).hasContent(Files.readString(Path.of(file)));
                connection.upload(Path.of(file), uploaded.toString());
                assertThat(uploaded).hasContent(Files.readString(Path.of(file)));
            }
            if (tools != Tools.NO_TAR) {
                connection.download("/proc/sys/kernel/random", directory.resolve("tree"));
                assertThat(directory.resolve("tree/boot_id"))
                        .hasContent(Files.readString(Path.of("/proc/sys/kernel/random/boot_id")));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void holesStayHoles(Tools tools) throws Exception {
        long hole = tools == Tools.GNU ? HOLE : HOLE / 8; // only GNU tar sends no bytes for a hole
        Path file = source.resolve("sparse");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(hole);
            for (long at : new long[] {0, hole / 2 + 1, hole - 1_000_000}) {
                sparse.seek(at);
                sparse.write("data".getBytes(UTF_8));
            }
        }
        String sum = output("sha256sum <\"$1\"", file);
        boolean makesHoles = tools == Tools.GNU || tools == Tools.NO_STAT;
        try (SshConnection connection = connect(tools)) {
            connection.upload(file, uploaded.toString());
            assertThat(output("sha256sum <\"$1\"", uploaded)).isEqualTo(sum);
            if (makesHoles || tools == Tools.NO_TAR) {
                assertThat(kilobytes(uploaded)).isLessThan(4000);
            }
            connection.download(file.toString(), downloaded.resolve("file"));
            assertThat(output("sha256sum <\"$1\"", downloaded.resolve("file"))).isEqualTo(sum);
            assertThat(kilobytes(downloaded.resolve("file"))).isLessThan(4000);
            if (tools == Tools.GNU) {
                connection.upload(source, uploaded + "-tree");
                assertThat(kilobytes(Path.of(uploaded + "-tree"))).isLessThan(4000);
                connection.download(uploaded + "-tree", downloaded.resolve("tree"));
                assertThat(output("sha256sum <\"$1\"", downloaded.resolve("tree/sparse")))
                        .isEqualTo(sum);
                assertThat(kilobytes(downloaded)).isLessThan(8000);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void pathsCanHaveAnyCharacters(Tools tools) throws Exception {
        Path file = Files.writeString(source.resolve("file"), "content");
        try (SshConnection connection = connect(tools)) {
            for (String name : List.of(
                    "x2d",
                    "\\x",
                    "\\\\",
                    "\\x2d",
                    "a'b\"c",
                    "u'\\x",
                    "-C",
                    "--help",
                    " a b ",
                    "new\nline",
                    "\\n",
                    "*?[a]",
                    "$(id)`id`",
                    "a\\")) {
                String target = uploaded + "/" + name;
                connection.upload(source, target);
                assertThat(Path.of(target, "file")).hasContent("content");
                connection.download(target, downloaded.resolve(name));
                assertThat(downloaded.resolve(name).resolve("file")).hasContent("content");
                connection.upload(file, target + "/" + name);
                assertThat(Path.of(target, name)).hasContent("content");
                connection.download(target + "/" + name, downloaded.resolve(name + " file"));
                assertThat(downloaded.resolve(name + " file")).hasContent("content");
            }
        }
    }

    @Test
    void fractionsOfSecondsAreKept() throws Exception {
        List<FileTime> times = List.of(
                FileTime.from(Instant.ofEpochSecond(1_500_000_000, 123_456_789)),
                FileTime.from(Instant.ofEpochSecond(1, 1)),
                FileTime.from(Instant.ofEpochSecond(-1_000_000_000)));
        for (int i = 0; i < times.size(); i++) {
            Path file = Files.writeString(source.resolve("file" + i), "content");
            Files.setLastModifiedTime(file, times.get(i));
        }
        try (SshConnection connection = connect(Tools.GNU)) {
            connection.upload(source, uploaded.toString());
            connection.download(uploaded.toString(), downloaded);
            for (int i = 0; i < times.size(); i++) {
                Path single = downloaded.resolve("single");
                connection.download(uploaded + "/file" + i, single);
                assertThat(Files.getLastModifiedTime(uploaded.resolve("file" + i))
                                .to(TimeUnit.NANOSECONDS))
                        .isEqualTo(times.get(i).to(TimeUnit.NANOSECONDS));
                assertThat(Files.getLastModifiedTime(downloaded.resolve("file" + i)))
                        .isEqualTo(times.get(i));
                assertThat(Files.getLastModifiedTime(single)).isEqualTo(times.get(i));
            }
        }
    }

    private void replaceProgram(SshOptions options, String program, String script) throws Exception {
        Path path = Path.of(options.environment().get("PATH"), program);
        Files.deleteIfExists(path);
        Files.writeString(path, "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @Test
    void aShortCopyIsReported() throws Exception {
        Path file = Files.writeString(source.resolve("file"), "content");
        SshOptions options = Tools.GNU.options(server);
        // Stands for a file system that loses the end of a file: a tar that truncates the file after it was written.
        replaceProgram(options, "tar", "/bin/tar \"$@\" || exit; case $1 in -x) /bin/truncate -s 3 file ;; esac");
        try (SshConnection connection = SshConnection.open(server.destination(), options)) {
            for (Path from : List.of(file, source)) {
                String target = from == file ? uploaded + "/file" : uploaded.toString();
                assertThatThrownBy(() -> connection.upload(from, target))
                        .isInstanceOf(TransferException.class)
                        .hasMessageContainingAll(from.toString(), "7 bytes were sent", "3");
            }
        }
    }

    @Test
    void aDifferentCopyIsReportedByItsChecksum() throws Exception {
        Path file = Files.writeString(source.resolve("a\\b\nc"), "content");
        Files.writeString(source.resolve("other"), "other");
        SshOptions options = Tools.GNU.options(server).withChecksums();
        assertThatThrownBy(() -> {
                    try (SshConnection connection = SshConnection.open(server.destination(), options)) {
                        connection.upload(source, uploaded.toString());
                    }
                })
                .isInstanceOf(TransferException.class)
                .hasMessageContaining("sha256sum");
        for (String name : List.of("sha256sum", "find")) {
            replaceProgram(options, name, "exec /bin/" + name + " \"$@\"");
        }
        try (SshConnection connection = SshConnection.open(server.destination(), options)) {
            connection.upload(source, uploaded.toString());
            connection.upload(file, uploaded + "/one");
            connection.download(uploaded.toString(), downloaded);
            connection.download(uploaded + "/one", downloaded.resolve("one"));
            replaceProgram(options, "tar", "/bin/tar \"$@\" || exit; case $1 in -x) printf wrong >other ;; esac");
            assertThatThrownBy(() -> connection.upload(source, uploaded.toString()))
                    .isInstanceOf(TransferException.class)
                    .hasMessageContainingAll("other", "checksum");
        }
    }

    @Test
    void outputBeforeTheArchiveIsReported() throws Exception {
        SshOptions options = Tools.GNU.options(server);
        replaceProgram(options, "sh", "echo 'Welcome to this machine'; exec /bin/sh \"$@\"");
        Files.writeString(source.resolve("file"), "content");
        try (SshConnection connection = SshConnection.open(server.destination(), options)) {
            assertThatThrownBy(() -> connection.download(source.toString(), downloaded))
                    .isInstanceOf(TransferException.class)
                    .hasMessageContaining("Welcome to this machine");
            connection.run(Command.of("true"));
        }
    }
}

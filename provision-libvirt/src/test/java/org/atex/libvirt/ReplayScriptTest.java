package org.atex.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command of a recorded virtual machine, and the one of its replay, by programs that print their arguments. */
class ReplayScriptTest {
    @TempDir
    Path directory;

    private Path program(String name, String script) throws IOException {
        Path file = Files.writeString(directory.resolve(name), "#!/bin/bash\n" + script);
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return file;
    }

    /** Returns the lines that the script prints: the arguments of QEMU after those of qemu-img. */
    private List<String> run(String script) throws IOException {
        Path file = Files.writeString(directory.resolve("replay.sh"), script);
        program("qemu-img", "printf '%s\\n' img \"$@\"");
        ProcessBuilder builder =
                new ProcessBuilder("bash", file.toString(), "-s", "an option").redirectErrorStream(true);
        builder.environment().merge("PATH", directory.toString(), (path, first) -> first + ":" + path);
        try (BufferedReader output = builder.start().inputReader()) {
            return output.lines().toList();
        }
    }

    @Test
    void optionsOfLibvirtAreReplaced() throws Exception {
        Path qemu = program("qemu", "[[ $1 == --version ]] && echo 'QEMU 7' || printf '%s\\n' \"$@\"");
        Path disk = Files.writeString(directory.resolve("it's a disk"), "image");
        Path kernel = Files.writeString(directory.resolve("kernel"), "kernel");
        List<String> command = List.of(
                qemu.toString(),
                "-name",
                "guest=atex-1,debug-threads=on",
                "-S",
                "-object",
                "{\"qom-type\":\"secret\",\"id\":\"masterKey0\"}",
                "-kernel",
                kernel.toString(),
                "-append",
                "console=ttyS0 quote='$HOME'",
                "-nodefaults",
                "-chardev",
                "socket,id=charmonitor,fd=3,server=on",
                "-mon",
                "chardev=charmonitor",
                "-chardev",
                "file,id=charserial0,path=/dev/fdset/0",
                "-blockdev",
                "{\"driver\":\"file\",\"filename\":\"/var/tmp/atex-libvirt/1/atex-1/disk-0.qcow2\"}",
                "-icount",
                "shift=4,rr=record,rrfile=/var/tmp/atex-libvirt/1/recordings/atex-1/recording");
        String files = "5 0 " + disk + "\n6 0 " + kernel;
        List<String> lines = run(ReplayScript.of("atex-1", "QEMU 7", disk.toString(), "raw", command, files));
        assertThat(lines)
                .filteredOn(line -> line.startsWith("warning"))
                .as("the files are newer than in the recording")
                .hasSize(2);
        String temporary = lines.get(lines.indexOf("-F") + 2).replaceFirst("/[^/]*$", "");
        assertThat(lines)
                .filteredOn(line -> !line.startsWith("warning"))
                .containsExactly(
                        "img",
                        "create",
                        "-q",
                        "-f",
                        "qcow2",
                        "-b",
                        disk.toString(),
                        "-F",
                        "raw",
                        temporary + "/disk-0.qcow2",
                        "-kernel",
                        kernel.toString(),
                        "-append",
                        "console=ttyS0 quote='$HOME'",
                        "-nodefaults",
                        "-chardev",
                        "null,id=charmonitor",
                        "-chardev",
                        "file,id=charserial0,path=/dev/stdout",
                        "-blockdev",
                        "{\"driver\":\"file\",\"filename\":\"" + temporary + "/disk-0.qcow2\"}",
                        "-icount",
                        "shift=4,rr=replay,rrfile=" + directory + "/recording",
                        "-s",
                        "an option");
        assertThat(Path.of(temporary)).as("the temporary directory").doesNotExist();
    }
}

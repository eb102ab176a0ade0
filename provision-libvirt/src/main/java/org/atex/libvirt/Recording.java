package org.atex.libvirt;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The recording of a virtual machine, in a directory of the host beside that of the virtual machine, which it outlives.
 * Thread-safe.
 */
final class Recording {
    /** The name of the recording, on the host and on this machine. */
    static final String LOG = "recording";

    static final String SCRIPT = "replay.sh";

    /**
     * Prepares the directory before the start. QEMU may run as another user, and libvirt does not know the file.
     */
    static final String PREPARE = """
        record() {
            local owner
            mkdir -p -m 711 "$recording"
            (umask 077 && : >"$recording/recording")
            owner=$(v capabilities | tr -d '\\n' |
                sed -nE 's/.*<model>dac<.model> *<doi>[0-9]*<.doi> *<baselabel type=.kvm.>\\+([0-9]+:)\\+([0-9]+)<.*/\\1\\2/p')
            [[ -z $owner ]] || chown "$owner" "$recording/recording" || {
                echo "QEMU runs as another user: record as root, or with qemu:///session" >&2
                return 1
            }
        }
        """;

    /** Ends the virtual machine, and prints what its replay needs. The first bytes are written at the end. */
    private static final String COMPLETE = """
        cd "$ATEX_DIR/$1/recordings/$2" || exit
        finish "$2"
        if [[ $(od -An -t u4 -N 4 recording) -eq 0 ]]; then
            echo "its process did not end in time, so the recording is not complete" >&2
            exit 1
        fi
        IFS= read -r -d '' qemu <command
        version=$("$qemu" --version) || exit
        format=
        [[ -z $3 ]] || format=$(format_of "$3") || exit
        files=$(stat -L -c '%s %Y %n' -- "${@:4}") || exit
        printf '%s\\0' "$PWD" "${version%%$'\\n'*}" "$format" "$files"
        cat command
        """;

    private final LibvirtHost host;
    private final String run;
    private final String name;
    private final String disk;
    /** What the virtual machine reads: the image, the kernel and the initial file system. */
    private final List<String> files;

    Recording(LibvirtHost host, String run, String name, GuestTemplate template) {
        this.host = host;
        this.run = run;
        this.name = name;
        disk = template.image == null ? "" : template.image;
        files = Stream.of(template.image, template.kernel, template.initrd)
                .filter(Objects::nonNull)
                .toList();
    }

    /**
     * {@return the path of the recording on the host}
     *
     * @param directory the directory of the virtual machine
     */
    static String log(String directory, String name) {
        return directory.substring(0, directory.lastIndexOf('/')) + "/recordings/" + name + "/" + LOG;
    }

    /**
     * Ends the virtual machine and copies its recording, with the script that replays it.
     *
     * @param target an existing directory of this machine
     * @throws IOException if it cannot be written there
     */
    void save(Path target) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(run, name, disk));
        arguments.addAll(files);
        String facts = host.run("complete the recording of " + name, COMPLETE, arguments.toArray(String[]::new));
        List<String> fields = List.of(facts.split("\0"));
        host.connection().download(fields.getFirst() + "/" + LOG, target.resolve(LOG));
        List<String> command = fields.subList(4, fields.size());
        String script = ReplayScript.of(name, fields.get(1), disk, fields.get(2), command, fields.get(3));
        Files.writeString(target.resolve(SCRIPT), script, StandardCharsets.UTF_8);
    }
}

package org.atex.libvirt;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.atex.support.CommandScript;

/** The bash script that replays a recorded virtual machine, made of the command that started it. */
final class ReplayScript {
    /** Options without a value. */
    private static final Set<String> FLAGS =
            Set.of("-S", "-no-shutdown", "-no-reboot", "-nodefaults", "-no-user-config", "-no-hpet", "-no-acpi");

    /** Options by which libvirt controls the process. */
    private static final Set<String> DROPPED =
            Set.of("-S", "-no-shutdown", "-name", "-mon", "-sandbox", "-add-fd", "-pidfile", "-msg");

    private static final String TEMPLATE = """
        #!/bin/bash
        # Replays the virtual machine @NAME@, and prints its console. Arguments are options of QEMU: with -s -S, it
        # waits for gdb at port 1234.
        set -e
        recording=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/recording
        qemu=@QEMU@
        recorded_by=@VERSION@
        disk=@DISK@
        while read -r size time file; do
            if [[ $(stat -L -c '%s %Y' -- "$file") != "$size $time" ]]; then
                echo "warning: $file has another size or time than when it was recorded" >&2
            fi
        done <<'END'
        @FILES@
        END
        if [[ $("$qemu" --version | head -n 1) != "$recorded_by" ]]; then
            echo "warning: this is not $recorded_by, which may be needed to replay its recording" >&2
        fi
        directory=$(mktemp -d)
        trap 'rm -rf "$directory"' EXIT
        [[ -z $disk ]] || qemu-img create -q -f qcow2 -b "$disk" -F @FORMAT@ "$directory/disk-0.qcow2"
        arguments=(
        @ARGUMENTS@
        )
        arguments=("${arguments[@]//@@DIRECTORY@@/$directory}")
        arguments=("${arguments[@]//@@RECORDING@@/$recording}")
        "$qemu" "${arguments[@]}" "$@" </dev/null
        """;

    private ReplayScript() {}

    /**
     * {@return the script}
     *
     * @param name the name of the virtual machine
     * @param version the first line that {@code --version} prints
     * @param disk the image below its disk; empty if there is none
     * @param format the format of the image
     * @param command the command that started the virtual machine
     * @param files a line for each file that it needs: size, time and path
     */
    static String of(String name, String version, String disk, String format, List<String> command, String files) {
        List<String> arguments = new ArrayList<>();
        for (int i = 1; i < command.size(); i++) {
            String option = command.get(i);
            if (FLAGS.contains(option)) {
                if (!DROPPED.contains(option)) {
                    arguments.add(option);
                }
            } else if (i + 1 < command.size()) {
                i++;
                String value = command.get(i);
                if (!DROPPED.contains(option) && !isSecret(option, value)) {
                    arguments.add(option);
                    arguments.add(CommandScript.quoted(replayed(name, option, value)));
                }
            }
        }
        return TEMPLATE.replace("@NAME@", name)
                .replace("@QEMU@", CommandScript.quoted(command.getFirst()))
                .replace("@VERSION@", CommandScript.quoted(version))
                .replace("@DISK@", CommandScript.quoted(disk))
                .replace("@FORMAT@", CommandScript.quoted(format))
                .replace("@FILES@", files)
                .replace("@ARGUMENTS@", String.join("\n", arguments));
    }

    private static boolean isSecret(String option, String value) {
        return option.equals("-object") && value.contains("\"secret\"");
    }

    private static String replayed(String name, String option, String value) {
        return switch (option) {
            case "-chardev" -> characters(value);
            case "-icount" -> value.replace("rr=record", "rr=replay").replaceFirst("rrfile=.*", "rrfile=@@RECORDING@@");
            case "-blockdev" -> value.replaceFirst("\"[^\"]*/" + name + "/", "\"@@DIRECTORY@@/");
            default -> value;
        };
    }

    /** What came through a character device is in the recording. The console is printed. */
    private static String characters(String value) {
        String id = value.replaceFirst(".*?\\bid=([^,]*).*", "$1");
        return id.equals("charserial0") ? "file,id=" + id + ",path=/dev/stdout" : "null,id=" + id;
    }
}

package org.atex.libvirt;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.Input;
import org.jspecify.annotations.Nullable;

/**
 * What systems that continue from one state must not share.
 *
 * @param seconds the time of the clock in seconds since 1970
 * @param host the host name
 * @param machine the machine id, or {@code -}
 * @param boot the boot id
 * @param keys the files of the ssh host keys
 * @param same those of them with the key that was there before; empty in a state
 * @param random random bytes of the kernel
 * @param life the mark of the life before, and that of the new one; empty in a state
 */
record Identity(
        long seconds,
        String host,
        String machine,
        String boot,
        List<String> keys,
        List<String> same,
        String random,
        Life life) {
    private static final Duration MAX_DEVIATION = Duration.ofSeconds(5);

    // Builtins, and few subshells: an emulated processor starts a program in dozens of milliseconds.
    private static final String SHOW = """
        keys=() same=()
        for file in /etc/ssh/ssh_host_*_key /etc/dropbear/*key; do [[ -s $file ]] && keys+=("$file"); done
        show() {
            local host= machine=- boot= random=
            read -r host </proc/sys/kernel/hostname
            [[ ! -r /etc/machine-id ]] || read -r machine </etc/machine-id
            read -r boot </proc/sys/kernel/random/boot_id
            read -r random </proc/sys/kernel/random/uuid
            printf 'seconds=%(%s)T\\nhost=%s\\nmachine=%s\\nboot=%s\\nkeys=%s\\nsame=%s\\nrandom=%s\\n' \\
                -1 "$host" "$machine" "$boot" "${keys[*]}" "${same[*]}" "$random"
        }
        """;

    /**
     * Starts a process that waits in the state. An emulated processor takes a tenth of a second to start an interpreter,
     * for what bash cannot do: a call of the kernel for its random numbers, and the write of a single file to the disk.
     */
    private static final String WAIT = """
        perl=$(type -P perl) && cd /run && mkfifo -m 600 atex-requests atex-answers || exit
        # In a session and an environment of its own: it must not end with this command.
        setsid env -i "$perl" -e '
            use IO::Handle;
            fork and exit;
            open I, "<", "atex-requests" and open O, ">", "atex-answers" or exit;
            unlink "atex-requests", "atex-answers";
            O->autoflush(1);
            while (<I>) {
                chomp;
                unlink "atex-boot-id" if $_ eq "/dev/urandom";
                my $done = open(F, "+<", $_) && ($_ eq "/dev/urandom" ? ioctl(F, 0x5207, 0) : F->sync);
                print O $done ? "done\\n" : "failed\\n";
            }' </dev/null >/dev/null 2>&1 || rm -f atex-requests atex-answers
        """;

    /**
     * Mixes new random bytes into the pool of the kernel, and has it use them at once: until then, all systems from one
     * state have the same random numbers. That is a call which bash cannot make.
     *
     * <p>A kernel has one boot id until it ends: a mount hides it. The journal is started again, as it reads its machine
     * id and its boot id only then, and {@code journalctl} shows nothing of any other.
     *
     * <p>The host keys come from this machine, except those that it cannot generate.
     */
    private static final String RENEW = SHOW + """
        waiting=
        [[ -p /run/atex-requests ]] && exec 5<>/run/atex-requests 6<>/run/atex-answers && waiting=yes
        ask() { # FILE
            local answer=
            [[ $waiting ]] && echo "$1" >&5 && read -r -t 5 -u 6 answer && [[ $answer == done ]] || {
                waiting=
                return 1
            }
        }
        declare -A private=() public=()
        set -f
        IFS=$'\\n'
        # Not from /dev/stdin, which a small system may lack. The builtin read makes a call for each byte of a pipe.
        fields=($(</proc/self/fd/0))
        IFS=$' \\t\\n'
        set +f
        for ((i = 0; i < ${#fields[@]}; i += 3)); do
            private[${fields[i]}]=${fields[i + 1]} public[${fields[i]}]=${fields[i + 2]}
        done
        read_key() { # A key may have any bytes, but a variable no NUL.
            local part
            key=
            while IFS= read -r -d '' part; do key+=$part$'\\n'; done
            key+=$part
        }
        {
            date -u -s "@$1"
            echo "$2" >/dev/urandom
            echo "$7" >/run/atex-boot-id && mount -o bind,ro /run/atex-boot-id /proc/sys/kernel/random/boot_id
            ask /dev/urandom ||
                perl -e 'unlink "/run/atex-boot-id"; open F, "+<", "/dev/urandom" and ioctl F, 0x5207, 0' ||
                python3 -c 'import fcntl; fcntl.ioctl(open("/dev/urandom", "wb"), 0x5207)' ||
                /usr/libexec/platform-python -c 'import fcntl; fcntl.ioctl(open("/dev/urandom", "wb"), 0x5207)'
            [[ ! -e /run/atex-boot-id ]] || rm -f /run/atex-boot-id
            echo "$3" >/proc/sys/kernel/hostname
            [[ -e /etc/hostname ]] && echo "$3" >/etc/hostname
            if [[ -s /etc/machine-id ]]; then
                echo "$4" >/etc/machine-id
                [[ -f /var/lib/dbus/machine-id && ! -L /var/lib/dbus/machine-id ]] &&
                    echo "$4" >/var/lib/dbus/machine-id
            fi
            for file in "${keys[@]}"; do
                read_key <"$file"
                old=$key
                if [[ ${private[$file]} ]]; then
                    printf %b "${private[$file]}" >"$file"
                    [[ ${public[$file]} == - ]] || echo "${public[$file]}" >"$file.pub"
                elif [[ $file == */ssh_host_* ]]; then
                    type=${file#*ssh_host_}
                    ssh-keygen -q -t "${type%_key}" -N '' -f "$file" <<<y
                else
                    rm -f "$file" && dropbearkey -t ed25519 -f "$file"
                fi
                read_key <"$file" && [[ $key == "$old" ]] && same+=("$file")
            done
        } >/dev/null 2>&1
        # The server that listens has no client: it reads the keys when it starts.
        { [[ -d /run/systemd/system ]] && systemctl try-restart systemd-journald.service ssh.service sshd.service || {
            [[ -s /run/sshd.pid ]] && kill -HUP "$(</run/sshd.pid)"
            listening=()
            [[ -d /etc/dropbear ]] && for stat in /proc/[0-9]*/stat; do
                read -r pid name _ parent _ <"$stat" && [[ "$name $parent" == '(dropbear) 1' ]] && listening+=("$pid")
            done
            ((${#listening[@]})) && kill "${listening[@]}"
        }; } >/dev/null 2>&1
        mark=
        [[ ! -r $6 ]] || read -r mark <"$6"
        echo "mark=$mark"
        marked=
        printf %s "$5" >"$6" && { ask "$6" || sync -f "$6" 2>/dev/null || sync; } && marked=$5
        echo "marked=$marked"
        show
        """;

    /** {@return the identity of a system} */
    static Identity of(Connection system) throws IOException, InterruptedException {
        return parse(system.run(Command.bash(SHOW + "show")));
    }

    /** Prepares a system for {@link #renew} in the systems that continue from its state. It need not succeed. */
    static void prepare(Connection system) throws InterruptedException {
        var unused = system.run(Command.bash(WAIT));
    }

    /**
     * Gives a system a new identity and a mark of its life.
     *
     * @param system the system
     * @param host its host name
     * @param hostKeys its ssh host keys
     * @return the identity that it has then
     */
    static Identity renew(Connection system, String host, List<HostKey> hostKeys)
            throws IOException, InterruptedException {
        byte[] seed = new byte[64];
        new SecureRandom().nextBytes(seed);
        Instant now = Instant.now();
        Command command = Command.bash(
                RENEW,
                now.getEpochSecond() + "." + String.format("%09d", now.getNano()),
                Base64.getEncoder().encodeToString(seed),
                host,
                UUID.randomUUID().toString().replace("-", ""),
                UUID.randomUUID().toString(),
                Life.MARK,
                UUID.randomUUID().toString());
        StringBuilder input = new StringBuilder();
        hostKeys.forEach(key -> List.of(key.file(), key.privateKey(), key.publicKey())
                .forEach(field -> input.append(field).append('\n')));
        return parse(system.run(command.withStdin(Input.text(input.toString()))));
    }

    private static Identity parse(CommandResult result) throws IOException {
        Map<String, String> values = new TreeMap<>();
        result.stdout().lines().forEach(line -> {
            int equals = line.indexOf('=');
            values.put(line.substring(0, Math.max(0, equals)), line.substring(equals + 1));
        });
        String seconds = values.getOrDefault("seconds", "");
        if (!seconds.matches("\\d{1,12}")) {
            throw new IOException("could not read its identity: " + result.end() + " " + result.stderr());
        }
        return new Identity(
                Long.parseLong(seconds),
                values.getOrDefault("host", ""),
                values.getOrDefault("machine", "-"),
                values.getOrDefault("boot", ""),
                words(values.getOrDefault("keys", "")),
                words(values.getOrDefault("same", "")),
                values.getOrDefault("random", ""),
                new Life(values.getOrDefault("mark", ""), values.getOrDefault("marked", "")));
    }

    private static List<String> words(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split(" "));
    }

    /**
     * {@return why a system still shares its identity with the state that it comes from, or null if it does not}
     *
     * @param state the identity in the state
     * @param expectedHost the host name that the system must have
     * @param elapsed how long the renewal took, by which a slow system's clock may be late
     */
    @Nullable
    String sharedWith(Identity state, String expectedHost, Duration elapsed) {
        if (Math.abs(Instant.now().getEpochSecond() - seconds)
                > MAX_DEVIATION.plus(elapsed).toSeconds()) {
            return "its clock is wrong: it shows " + Instant.ofEpochSecond(seconds);
        }
        if (!host.equals(expectedHost)) {
            return "its host name is still " + host;
        }
        if (!machine.equals("-") && machine.equals(state.machine)) {
            return "its machine id is still " + machine;
        }
        if (boot.equals(state.boot)) {
            return "its boot id is still " + boot;
        }
        return same.isEmpty() ? null : "its ssh host key " + same.getFirst() + " is still that of the state";
    }
}

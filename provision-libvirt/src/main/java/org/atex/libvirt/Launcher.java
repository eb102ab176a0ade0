package org.atex.libvirt;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.atex.api.Connection;
import org.atex.api.ProvisioningException;
import org.atex.support.Deadline;
import org.atex.support.LeaseEnd;
import org.atex.support.SystemOwner;
import org.atex.support.Threads;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts virtual machines on the host: from their disks, and from a frozen state. Thread-safe. */
final class Launcher {
    private static final Logger LOG = LoggerFactory.getLogger(Launcher.class);

    /** The greatest length of the path of a Unix socket in bytes. */
    private static final int MAX_SOCKET_PATH = 107;

    /**
     * Starts a virtual machine, and prints its process, the port that leads to its ssh port, and that of its serial port.
     * One virsh does all of it, since its start takes long.
     */
    private static final String START = """
        stop() { # Libvirt forgets it later: that takes longer than the rest of the start.
            local pid
            [[ -z $1 ]] || for pid in $(process "$1"); do kill -KILL "$pid" 2>/dev/null || true; done
        }
        start() { # NAME COMMAND
            local questions
            [[ $ATEX_NETWORK ]] && questions+="; qemu-monitor-command $1 --hmp 'info usernet'"
            [[ $ATEX_SERIAL ]] && questions+="; qemu-monitor-command $1 --hmp 'info chardev'"
            v "$2$questions" |
                sed -nE -e 's/.*HOST_FORWARD\\] +[0-9]+ +[^ ]+ +([0-9]+) .*/port=\\1/p' \\
                    -e 's/^charua-atex-serial: .*tcp:127\\.0\\.0\\.1:([0-9]+),server.*/serial=\\1/p'
            local status=${PIPESTATUS[0]}
            ((status == 0)) && echo "process=$(process "$1" | head -n 1)"
            return $status
        }
        console() { # Libvirt may give it to the user of QEMU, and keeps its mode.
            (umask 077 && : >console.log)
            [[ $EUID == 0 ]] || setfacl -m "u:$EUID:r" console.log 2>/dev/null || chmod 644 console.log
        }
        """;

    private static final String BOOT = START + Recording.PREPARE + """
        set -e -o pipefail
        run=$1 name=$2 replaced=$3 variables=$4
        shift 4
        stop "$replaced"
        directory=$ATEX_DIR/$run/$name
        mkdir -m 711 "$directory"
        i=0
        for base; do
            format=$(format_of "$base")
            qemu-img create -q -f qcow2 -b "$base" -F "$format" "$directory/disk-$i.qcow2" >/dev/null
            i=$((i + 1))
        done
        if [[ $variables ]] && ! message=$(cp "$variables" "$directory/nvram" 2>&1); then
            # Libvirt creates the variables of a domain that was never started.
            [[ $message == *'No such file'* ]] || { echo "$message" >&2; exit 1; }
        fi
        cd "$directory"
        console
        cat >domain.xml
        recording=$ATEX_DIR/$run/recordings/$name
        [[ -z $ATEX_RECORDED ]] || record
        start "$name" 'create domain.xml'
        [[ -z $ATEX_RECORDED ]] || cat "/proc/$(process "$name" | head -n 1)/cmdline" >"$recording/command"
        """;

    // Libvirt makes root the owner of the state, and keeps its mode. Others cannot enter the directory.
    private static final String FREEZE = """
        set -e
        frozen=$ATEX_DIR/$1/frozen
        mkdir -m 711 "$frozen"
        mkdir -m 700 "$frozen/memory"
        : >"$frozen/memory/state"
        v save "$2" "$frozen/memory/state" >/dev/null
        cd "$ATEX_DIR/$1/$2"
        for file in disk-*.qcow2 nvram; do [[ ! -e $file ]] || mv "$file" "$frozen"; done
        """;

    // Libvirt refuses to restore a state under another name, but does not refuse to read it from a pipe, which has the
    // other name. The definition begins after a header of 92 bytes, which has its length.
    private static final String FORK = START + """
        set -e -o pipefail
        run=$1 name=$2 replaced=$3 edit=$4
        stop "$replaced"
        directory=$ATEX_DIR/$run/$name
        frozen=$ATEX_DIR/$run/frozen memory=$ATEX_DIR/$run/frozen/memory/state
        mkdir -m 711 "$directory"
        for base in "$frozen"/disk-*.qcow2; do
            [[ -e $base ]] || continue
            qemu-img create -q -f qcow2 -b "$base" -F qcow2 "$directory/${base##*/}" >/dev/null
        done
        [[ ! -e $frozen/nvram ]] || cp "$frozen/nvram" "$directory/nvram"
        end=$(($(od -An -t u4 -j 20 -N 4 "$memory") + 92))
        cd "$directory"
        console
        mkfifo -m 600 state
        {
            head -c "$end" "$memory" | sed "$edit"
            tail -c +$((end + 1)) "$memory"
        } >state &
        feeder=$!
        start "$name" 'restore state' || { kill "$feeder" 2>/dev/null || true; exit 1; }
        rm -f state
        """;

    private final LibvirtHost host;
    private final String hostName;
    private final String run;
    private final GuestTemplate template;
    private final String definition;
    private final Duration startWithin;
    private final Duration lease;
    private final String version;
    private final boolean unixSockets;
    private final String prefix;
    private final AtomicInteger lives = new AtomicInteger();
    private final Set<String> randoms = ConcurrentHashMap.newKeySet();

    /**
     * Creates a launcher.
     *
     * @param version the version of libvirt, or an empty text if it is unknown
     * @param socketsReachable whether this program may connect to Unix sockets of virtual machines
     */
    Launcher(
            LibvirtProvisioner.Builder settings,
            LibvirtHost host,
            String run,
            String version,
            boolean socketsReachable) {
        this.host = host;
        this.version = version;
        this.run = run;
        hostName = settings.hostName;
        template = settings.template;
        definition = settings.definition;
        startWithin = settings.startWithin;
        lease = settings.lease;
        prefix = "atex-" + shortName(template.source()) + "-" + run + "-";
        unixSockets = socketsReachable
                && socket(directory(prefix + "00000")).getBytes(StandardCharsets.UTF_8).length <= MAX_SOCKET_PATH;
    }

    private static String shortName(String source) {
        String file = source.replaceAll(".*/", "").replaceAll("\\..*", "").toLowerCase(Locale.ROOT);
        String name = file.replaceAll("[^a-z0-9]+", "-");
        return name.substring(0, Math.min(name.length(), 20));
    }

    private String nextName() {
        // A fixed length, since names are replaced in frozen states.
        return prefix + String.format("%05d", lives.incrementAndGet());
    }

    private String directory(String name) {
        return template.directory + "/" + run + "/" + name;
    }

    private static String socket(String directory) {
        return directory + "/" + DomainXml.SERIAL_PORT;
    }

    private String deadline() {
        return LeaseEnd.in(lease);
    }

    /**
     * Boots a virtual machine and connects to it.
     *
     * @param kind how it is run
     * @param within the time limit
     * @param old the virtual machine in whose place it is started
     */
    Started boot(DomainType kind, Duration within, Replaced old) throws IOException, InterruptedException {
        Connected booted = boot(nextName(), UUID.randomUUID().toString(), kind, deadline(), within, old);
        boolean complete = false;
        try {
            Started started = new Started(booted.machine(), booted.connection(), Life.begin(booted.connection()));
            complete = true;
            return started;
        } finally {
            if (!complete) {
                booted.discard();
            }
        }
    }

    private Connected boot(String name, String uuid, DomainType kind, String deadline, Duration within, Replaced old)
            throws IOException, InterruptedException {
        return start(name, within, false, () -> bootScript(name, uuid, kind, deadline, old), old);
    }

    private String bootScript(String name, String uuid, DomainType kind, String deadline, Replaced old)
            throws IOException, InterruptedException {
        String directory = directory(name);
        DomainXml xml = DomainXml.parse(definition);
        List<String> arguments = new ArrayList<>(List.of(run, name, old.name(), xml.variables(directory)));
        arguments.addAll(xml.overlays(directory));
        if (template.domain == null || kind == DomainType.QEMU && xml.hasHostProcessor()) {
            xml.processor(kind, version);
        }
        xml.complete(
                name, uuid, directory, template, unixSockets, kind, new Lease(SystemOwner.current(), run, deadline));
        return host.run("start the virtual machine " + name, BOOT, xml.toString(), arguments, variables());
    }

    /**
     * The virtual machine in whose place another one is started. Its process is killed first, for the sake of the memory.
     *
     * @param name its name, or an empty text if there is none
     * @param system the name of its system, or an empty text
     * @param whenKilled is called after that, while the other one starts
     */
    record Replaced(String name, String system, Runnable whenKilled) {
        static final Replaced NONE = new Replaced("", "", () -> {});

        /** {@return the host name of the new virtual machine, which a system keeps when it is reset} */
        String hostName(String machine) {
            return system.isEmpty() ? machine : system;
        }
    }

    private interface Script {
        String run() throws IOException, InterruptedException;
    }

    /** A virtual machine that answers, whose life has no mark yet. */
    private record Connected(Machine machine, Connection connection) {
        void discard() {
            machine.destroy();
            connection.close();
        }
    }

    private Connected start(String name, Duration within, boolean forked, Script script, Replaced old)
            throws IOException, InterruptedException {
        long begun = System.nanoTime();
        Deadline deadline = Deadline.in(within);
        Machine machine = null;
        boolean complete = false;
        try {
            String facts = uninterrupted(name, script);
            old.whenKilled().run();
            Machine.Place place = place(name, facts);
            machine = new Machine(host, run, name, place, template);
            long launched = System.nanoTime();
            Connection connection = machine.connect(forked, deadline, within);
            LOG.debug(
                    "{} was started in {} ms and answered {} ms later",
                    name,
                    (launched - begun) / 1_000_000,
                    (System.nanoTime() - launched) / 1_000_000);
            complete = true;
            return new Connected(machine, connection);
        } finally {
            if (!complete) {
                if (machine == null) {
                    Machine.destroy(host, run, name);
                } else {
                    machine.destroy();
                }
            }
        }
    }

    private Machine.Place place(String name, String output) {
        Map<String, String> facts = new HashMap<>();
        output.lines().forEach(line -> facts.put(line.replaceAll("=.*", ""), line.replaceAll("^[^=]*=", "")));
        String process = facts.getOrDefault("process", "");
        if (!process.matches("\\d+")) {
            throw new ProvisioningException(
                    "could not start " + name + ": its process ended at once, or was not found on " + host,
                    null,
                    hostName);
        }
        String port = facts.getOrDefault("port", "");
        String serial = facts.getOrDefault("serial", "");
        if (template.connector.usesSerialPort() && unixSockets) {
            serial = socket(directory(name));
        }
        return new Machine.Place(process, port.matches("\\d{1,5}") ? Integer.parseInt(port) : 0, serial);
    }

    /** {@return the variables of the scripts that start a virtual machine} */
    private Map<String, String> variables() {
        boolean serial = template.connector.usesSerialPort();
        return Map.of(
                "ATEX_NETWORK", template.network == GuestNetwork.NONE ? "" : "yes",
                "ATEX_SERIAL", serial && !unixSockets ? "yes" : "",
                "ATEX_RECORDED", template.recorded ? "yes" : "");
    }

    /**
     * Runs the script that starts a virtual machine to its end, even if the thread is interrupted: libvirt goes on with a
     * start whose client was killed, and the virtual machine would appear after its removal.
     */
    private static String uninterrupted(String name, Script script) throws IOException, InterruptedException {
        FutureTask<String> task = new FutureTask<>(script::run);
        Threads.join(Threads.start("start-" + name, task));
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted while " + name + " was started");
        }
        try {
            return task.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                case InterruptedException cause -> throw cause;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }

    /**
     * Boots a virtual machine, prepares it, and freezes its state.
     *
     * @param kind how it is run
     * @param preparation is called with the connection
     */
    Frozen freeze(DomainType kind, GuestPreparation preparation) throws Exception {
        String name = nextName();
        String uuid = UUID.randomUUID().toString();
        String deadline = deadline();
        Connected started = boot(name, uuid, kind, deadline, startWithin, Replaced.NONE);
        try {
            preparation.prepare(started.connection());
            Identity identity = Identity.of(started.connection());
            Identity.prepare(started.connection());
            started.connection().close();
            started.machine().expectEnd();
            var unused = host.run("freeze the virtual machine " + name, FREEZE, run, name);
            return new Frozen(name, uuid, deadline, identity);
        } finally {
            started.connection().close();
            started.machine().destroy();
        }
    }

    /**
     * Starts a virtual machine from a frozen state, and connects to it.
     *
     * @param state the state
     * @param old the virtual machine in whose place it is started
     */
    Started fork(Frozen state, Replaced old) throws IOException, InterruptedException {
        String name = nextName();
        String edit = state.edit(name, UUID.randomUUID().toString(), deadline());
        CompletableFuture<List<HostKey>> keys = CompletableFuture.supplyAsync(
                () -> HostKey.generate(state.identity().keys()), task -> Threads.start("host-keys-" + name, task));
        Connected connected = start(
                name,
                startWithin,
                true,
                () -> host.run(
                        "continue the frozen state as " + name,
                        FORK,
                        "",
                        List.of(run, name, old.name(), edit),
                        variables()),
                old);
        boolean complete = false;
        try {
            Life life = renew(connected.connection(), old.hostName(name), state, keys.join());
            complete = true;
            return new Started(connected.machine(), connected.connection(), life);
        } finally {
            if (!complete) {
                connected.discard();
            }
        }
    }

    private Life renew(Connection connection, String name, Frozen state, List<HostKey> keys)
            throws IOException, InterruptedException {
        long begun = System.nanoTime();
        Identity identity = Identity.renew(connection, name, keys);
        Duration elapsed = Duration.ofNanos(System.nanoTime() - begun);
        String shared = identity.sharedWith(state.identity(), name, elapsed);
        if (shared != null) {
            throw new ProvisioningException(
                    "could not give " + name + " an identity of its own after the frozen state: " + shared
                            + "; the system must be root's, and have date, mount and ssh-keygen",
                    null,
                    hostName);
        }
        if (!randoms.add(identity.random())) {
            throw new ProvisioningException(
                    "could not give " + name + " random numbers of its own after the frozen state: the kernel returned"
                            + " the same ones as in another system; install perl or python3 in the image, with which"
                            + " the kernel is told to use new ones",
                    null,
                    hostName);
        }
        LOG.debug("{} has an identity of its own after {} ms", name, elapsed.toMillis());
        return identity.life();
    }
}

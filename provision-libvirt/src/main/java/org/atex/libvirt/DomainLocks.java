package org.atex.libvirt;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.atex.support.PrintableText;
import org.jspecify.annotations.Nullable;

/**
 * Locks of predefined domains: files in a directory of the host, which all programs that share the domains use. A lock
 * ends when its holder releases it, or when its time is over, by the clock of the host, and the holder has not renewed
 * it. It survives the end of connections and of the program.
 *
 * <p>The file {@code NAME.lock} has the line {@code DEADLINE TOKEN RUN}, where the deadline is in seconds since 1970 and
 * RUN is the {@linkplain LibvirtProvisioner#run() run} of the holder's virtual machines, or {@code -}, and a line that
 * describes the holder. A file that cannot be read so is no lock. Files are read and written only by the holder of the
 * {@code flock} of the file {@code .lock}.
 *
 * <p>Thread-safe.
 */
final class DomainLocks {
    private static final int MAX_HOLDER = 200;

    private static final String FUNCTIONS = """
        directory=$1
        shift
        [[ -d $directory ]] || mkdir -p "$directory" || exit
        [[ -e $directory/.lock ]] || : >>"$directory/.lock" || exit
        exec {guard}<"$directory/.lock" || exit
        flock -w 60 "$guard" || { echo "another program holds $directory/.lock for more than 60 s" >&2; exit 1; }
        printf -v now '%(%s)T' -1
        look() { # NAME: reads its lock, and fails if it is free
            deadline= token= run= holder=
            if [[ -f $directory/$1.lock ]]; then
                { read -r deadline token run; IFS= read -r holder; } <"$directory/$1.lock"
            fi
            [[ $deadline =~ ^[1-9][0-9]{0,11}$ ]] && ((deadline > now))
        }
        write() { # NAME TOKEN SECONDS RUN HOLDER
            printf '%s %s %s\\n%s\\n' "$((now + $3))" "$2" "$4" "$5" >"$directory/.$1.new" &&
                mv -f "$directory/.$1.new" "$directory/$1.lock" || exit
        }
        """;

    /** Prints the first domain that is free, and the run of a former holder that did not release it. */
    private static final String ACQUIRE = """
        new=$1 seconds=$2 description=$3
        shift 3
        for name; do
            if ! look "$name"; then
                write "$name" "$new" "$seconds" - "$description"
                printf '%s\\n%s\\n' "$name" "${run:--}"
                exit
            fi
        done
        """;

    private static final String NOTE_RUN = """
        look "$1"
        [[ $token == "$2" ]] || { echo "its lock was taken by ${holder:-nobody}" >&2; exit 1; }
        write "$1" "$token" "$3" "$4" "$holder"
        """;

    /** Prints two lines for each lock that another program has taken, or that is gone: the domain and the holder. */
    private static final String RENEW = """
        seconds=$1
        shift
        while (($#)); do
            look "$1"
            if [[ $token == "$2" ]]; then
                write "$1" "$token" "$seconds" "$run" "$holder"
            else
                printf '%s\\n%s\\n' "$1" "${holder:-nobody}"
            fi
            shift 2
        done
        """;

    private static final String RELEASE = """
        look "$1"
        [[ $token != "$2" ]] || rm -f "$directory/$1.lock"
        """;

    private static final String LIST = """
        for file in "$directory"/*.lock; do
            [[ -e $file ]] || continue
            name=${file##*/}
            name=${name%.lock}
            if look "$name"; then printf '%s\\n%s\\n%s\\n' "$name" "$deadline" "$holder"; fi
        done
        """;

    private static final String UNLOCK = """
        look "$1" || { echo "it is not locked" >&2; exit 1; }
        rm -f "$directory/$1.lock"
        """;

    /**
     * A lock that this program holds.
     *
     * @param domain the name of the domain
     * @param token distinguishes it from later locks of the domain
     * @param formerRun the run of a holder whose time was over, whose virtual machines may be left; null if there is none
     */
    record Lock(String domain, String token, @Nullable String formerRun) {}

    private final LibvirtHost host;
    private final String directory;
    private final Duration lease;

    DomainLocks(LibvirtHost host, String directory, Duration lease) {
        this.host = host;
        this.directory = directory;
        this.lease = lease;
    }

    private String run(String task, String script, String... arguments) throws InterruptedException {
        List<String> all = new ArrayList<>(List.of(directory));
        all.addAll(List.of(arguments));
        return host.run(task, FUNCTIONS + script, all.toArray(String[]::new));
    }

    private String seconds() {
        return String.valueOf(lease.toSeconds());
    }

    /**
     * {@return a lock of the first domain that is free; empty if all are locked}
     *
     * @param domains the names of the domains
     */
    Optional<Lock> acquire(Collection<String> domains) throws InterruptedException {
        String token = UUID.randomUUID().toString();
        List<String> arguments = new ArrayList<>(List.of(token, seconds(), holder()));
        arguments.addAll(domains);
        List<String> lines = run("lock a domain", ACQUIRE, arguments.toArray(String[]::new))
                .lines()
                .toList();
        if (lines.size() < 2) {
            return Optional.empty();
        }
        return Optional.of(new Lock(lines.get(0), token, lines.get(1).matches("[0-9a-f]{8}") ? lines.get(1) : null));
    }

    /** {@return a description of this program, for messages of the programs that wait for its locks} */
    private static String holder() {
        String machine;
        try {
            machine = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            machine = "unknown";
        }
        return PrintableText.of(
                System.getProperty("user.name") + "@" + machine + ", process "
                        + ProcessHandle.current().pid(),
                MAX_HOLDER);
    }

    /** Notes the run of the virtual machine, so that the next holder can remove it if this program cannot. */
    void noteRun(Lock lock, String run) throws InterruptedException {
        var unused = run("lock the domain " + lock.domain(), NOTE_RUN, lock.domain(), lock.token(), seconds(), run);
    }

    /**
     * Renews locks.
     *
     * @return the holders of the locks that are not held any more
     */
    Map<Lock, String> renew(Collection<Lock> locks) throws InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(seconds()));
        Map<String, Lock> byDomain = new HashMap<>();
        for (Lock lock : locks) {
            arguments.add(lock.domain());
            arguments.add(lock.token());
            byDomain.put(lock.domain(), lock);
        }
        List<String> lines = run("renew locks of domains", RENEW, arguments.toArray(String[]::new))
                .lines()
                .toList();
        Map<Lock, String> lost = new HashMap<>();
        for (int i = 0; i + 1 < lines.size(); i += 2) {
            Lock lock = byDomain.get(lines.get(i));
            if (lock != null) {
                lost.put(lock, lines.get(i + 1));
            }
        }
        return lost;
    }

    /** Releases a lock, unless another program has taken it. */
    void release(Lock lock) throws InterruptedException {
        var unused = run("unlock the domain " + lock.domain(), RELEASE, lock.domain(), lock.token());
    }

    /** {@return the locks of all programs} */
    List<DomainLock> list() throws InterruptedException {
        List<String> lines = run("list the locks of domains", LIST).lines().toList();
        List<DomainLock> locks = new ArrayList<>();
        for (int i = 0; i + 2 < lines.size(); i += 3) {
            locks.add(new DomainLock(
                    lines.get(i),
                    PrintableText.of(lines.get(i + 2), MAX_HOLDER),
                    Instant.ofEpochSecond(Long.parseLong(lines.get(i + 1)))));
        }
        return locks;
    }

    /** Removes the lock of a domain, whoever holds it. */
    void unlock(String domain) throws InterruptedException {
        var unused = run("unlock the domain " + domain, UNLOCK, domain);
    }
}

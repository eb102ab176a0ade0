package org.atex.artifacts;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.support.Durations;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;

/**
 * Stores a list of the processes of a system with the files of a test, for people who look for the reason why the test
 * has exceeded its time limit. Executors do this before they end such a test:
 *
 * {@snippet :
 * Optional<CommandEnd> end = running.await(limit);
 * List<String> files = end.isPresent() ? List.of() : ProcessList.write(connection, limit, artifacts);
 * }
 *
 * <p>The first part of the file has the processes that have started since the test began, with their kernel stacks if the
 * user may read them. The second part has all others. Of each process it has the numbers of the process, its parent and
 * its session, the state, the age, the CPU time, the kernel function in which it waits, and the command line. The file has
 * at most 256 KiB. Values of options that look like passwords are replaced; other values in command
 * lines are stored as they are.
 *
 * <p>The system needs bash. Without {@code /proc}, {@code ps} is used, and the file has one part.
 *
 * <p>Thread safety: thread-safe.
 */
public final class ProcessList {
    /** The name of the file. */
    public static final String FILE = "processes.txt";

    static final int MAX_BYTES = 256 << 10;

    /** Room for the last lines. */
    private static final int ROOM = 4096;

    private static final Duration LIMIT = Duration.ofSeconds(5);

    /** How long the caller waits for the command to end after an interrupt. */
    private static final Duration AFTER_INTERRUPT = Duration.ofMillis(500);

    /** Options and variables that look like passwords. */
    private static final Pattern SECRET = Pattern.compile(
            "(?i)((?:passw|passphrase|secret|token|api[-_]?key|credential)[\\w-]{0,40}[\"']?(?:[=:] ?| ))[^\\s]+");

    /** The user in a URL. */
    private static final Pattern USER = Pattern.compile("://[^/\\s@]{1,200}@");

    private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}&&[^\n]]");

    // Reads /proc without other programs, which a system that is out of memory or processes could not start. The
    // command line is last in each line: reading it blocks if the memory of the process is locked, and the line then
    // names it.
    private static final String SCRIPT = """
            export LC_ALL=C
            set -f
            exec 2>/dev/null
            if [ ! -r /proc/self/stat ]; then
                ps -axww -o pid,ppid,state,etime,time,command
                exit
            fi
            read -r load </proc/loadavg
            echo "load: $load"
            while read -r name value _; do
                case $name in MemTotal: | MemAvailable: | SwapFree:) echo "$name $value kB" ;; esac
            done </proc/meminfo
            tick=$(getconf CLK_TCK)
            : "${tick:=100}"
            line=$(</proc/$$/stat)
            fields=(${line##*) })
            now=${fields[19]}
            set +f; directories=(/proc/[0-9]*); set -f
            list() {
                local left=500 p line name fields age w a s
                printf '\\n%s\\n%7s %7s %7s S %8s %8s %-24s %-15s %s\\n' "$2" PID PPID SID AGE CPU 'WAITS IN' NAME COMMAND
                for p in "${directories[@]}"; do
                    IFS= read -r line <$p/stat || continue
                    name=${line#*(}
                    name=${name%)*}
                    fields=(${line##*) })
                    age=$(((now - fields[19]) / tick))
                    if ((age <= since)); then a=new; else a=old; fi
                    [ $a = "$1" ] && [ "${p#/proc/}" != $$ ] || continue
                    # Kernel threads, unless they are stuck.
                    ((fields[6] & 0x200000)) && [ "${fields[0]}" != D ] && continue
                    if ((left-- <= 0)); then
                        echo '… and more'
                        return
                    fi
                    w=
                    IFS= read -r w <$p/wchan
                    [ "$w" != 0 ] || w=-
                    printf '%7s %7s %7s %s %7ss %7ss %-24.24s %-15s ' "${p#/proc/}" "${fields[1]}" "${fields[3]}" \\
                        "${fields[0]}" $age $(((fields[11] + fields[12]) / tick)) "$w" "$name"
                    a=()
                    mapfile -d '' -t -n 100 a <$p/cmdline
                    s="${a[*]}"
                    printf '%s\\n' "${s:0:500}"
                    if [ "$1" = new ]; then
                        s=()
                        mapfile -t -n 30 s <$p/stack
                        [ ${#s[@]} = 0 ] || printf '            %s\\n' "${s[@]}"
                    fi
                done
            }
            since=$1
            list new 'Processes that have started since the test began:'
            list old 'All other processes, without idle threads of the kernel:'
            """;

    private ProcessList() {}

    /**
     * Stores the list. Takes at most 5 s. It does not fail: if the system does not answer, the
     * file has the reason.
     *
     * @param connection a connection to the system
     * @param since how long the test has been running
     * @param into the artifacts of the test
     * @return the name of the file, for a result; empty if there is none, because the file cannot be written, or a file of
     *     the test has its name
     * @throws InterruptedException if interrupted; nothing is stored
     */
    public static List<String> write(Connection connection, Duration since, Artifacts into)
            throws InterruptedException {
        return write(connection, since, into, LIMIT);
    }

    static List<String> write(Connection connection, Duration since, Artifacts into, Duration limit)
            throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before the processes of the system were listed");
        }
        Path raw = null;
        try {
            Path file = Files.createDirectories(into.files()).resolve(FILE);
            raw = Files.createTempFile("atex-processes-", ".txt");
            String problem = read(connection, since, raw, limit);
            String text = printable(raw);
            Files.writeString(
                    file,
                    problem.isEmpty() ? text : text + "\n" + printable(problem) + "\n",
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE);
            return List.of(FILE);
        } catch (FileAlreadyExistsException e) {
            return List.of(); // it belongs to the test
        } catch (IOException | RuntimeException e) {
            return List.of(); // the disk is full, for example, which the executor notices itself
        } finally {
            delete(raw);
        }
    }

    /** Runs the command in a thread of its own: a connection may hang. {@return the problem; empty if there is none} */
    private static String read(Connection connection, Duration since, Path raw, Duration limit)
            throws InterruptedException {
        AtomicReference<String> problem =
                new AtomicReference<>("The system did not answer within " + Durations.words(limit) + ".");
        Thread thread = Threads.startDaemon("processes", () -> {
            String result;
            try {
                result = run(connection, since, raw, limit);
            } catch (InterruptedException e) {
                return;
            } catch (Throwable e) {
                result = "The list is incomplete: " + e.getMessage();
            }
            problem.set(result);
        });
        try {
            if (!thread.join(limit)) {
                thread.interrupt(); // it ends the command, and is not waited for
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            boolean unused = Threads.join(List.of(thread), AFTER_INTERRUPT);
            throw e;
        }
        return problem.get();
    }

    private static String run(Connection connection, Duration since, Path raw, Duration limit)
            throws InterruptedException {
        Command command = Command.bash(SCRIPT, Long.toString(since.toSeconds() + 1))
                .withStdout(Output.file(raw))
                .withStderr(Output.discard());
        try (RunningCommand running = connection.start(command)) {
            Optional<CommandEnd> end = running.await(limit);
            return end.isPresent()
                    ? end.get().succeeded() ? "" : "The list is incomplete: " + end.get() + "."
                    : "The list is incomplete: it took longer than " + Durations.words(limit) + ".";
        }
    }

    private static String printable(Path raw) throws IOException {
        // Not Files.newInputStream: an interrupt of the thread closes its channel.
        try (InputStream in = new FileInputStream(raw.toFile())) {
            byte[] bytes = in.readNBytes(MAX_BYTES - ROOM);
            String text = printable(new String(bytes, StandardCharsets.UTF_8));
            return in.read() < 0 ? text : text + "\n… and more\n";
        }
    }

    private static String printable(String text) {
        String shown = CONTROL.matcher(text).replaceAll("?");
        return USER.matcher(SECRET.matcher(shown).replaceAll("$1***")).replaceAll("://***@");
    }

    private static void delete(@Nullable Path raw) {
        if (raw != null) {
            try {
                Files.deleteIfExists(raw);
            } catch (IOException e) {
                // A temporary file is left.
            }
        }
    }
}

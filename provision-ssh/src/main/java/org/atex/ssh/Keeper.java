package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A shell on the system that ends commands with all that they started: it looks for their marks in the environments of
 * all processes, and for their sessions, until there are none. It ends everything of its connection when that breaks.
 *
 * <p>Thread safety: from any thread. What is asked for while it is busy is done in one go afterwards.
 */
final class Keeper {
    /** What it says first, before the login shell's name. */
    private static final String GREETING = "atex-keeper ";

    /**
     * Reads what to do and two extended regular expressions, one for environments, one for {@code /proc/PID/stat}; kills
     * what they match; says the number, and 0 if nothing is left. {@code @MARK@} is what all marks of the connection
     * begin with. It waits no longer than a process can take to die, for one that nothing can end.
     *
     * <p>{@code end} looks at every process, which takes a few milliseconds. {@code look} is for a command that ended just
     * now: it looks only at processes that it does not know yet, and of those only at orphans (their parent is one that
     * this shell descends from) and the children of new ones, and starts no program where there are none. What it has
     * seen it knows, if no other command was running then.
     */
    private static final String SCRIPT = """
            trap '' HUP PIPE TERM INT
            end() {
                i=0
                while [ $i -lt 300 ]; do
                    found=
                    for f in $(grep -lsE -e "$1" -e "$2" /proc/[0-9]*/environ /proc/[0-9]*/stat); do
                        f=${f#/proc/}
                        found="$found ${f%%/*}"
                    done
                    [ -n "$found" ] || return 0
                    kill -9 $found 2>/dev/null
                    i=$((i + 1))
                done
                return 1
            }
            parent() {
                stat=
                { read -r stat < "/proc/$1/stat"; } 2>/dev/null
                stat=${stat##*) }
                stat=${stat#* }
                parent=${stat%% *}
            }
            look() {
                all=' '
                files=
                for f in /proc/[0-9]*; do
                    p=${f#/proc/}
                    all="$all$p "
                    case $known in *" $p "*) continue ;; esac
                    parent $p
                    case $above in
                    *" $parent "*) ;;
                    *) case $known in *" $parent "*) continue ;; esac ;;
                    esac
                    files="$files $f/environ $f/stat"
                done
                if [ -n "$files" ] && grep -qsE -e "$1" -e "$2" $files; then
                    end "$1" "$2"
                    return
                fi
                [ "$3" != alone ] || known=$all
            }
            above=' '
            p=$$
            while parent "$p"; [ -n "$parent" ] && [ "$parent" != 0 ]; do
                above="$above$parent "
                p=$parent
            done
            known=' '
            echo "atex-keeper ${SHELL##*/}"
            while IFS=' ' read -r number what environ stat alone; do
                $what "$environ" "$stat" "$alone"
                echo "$number $?"
            done
            end '@MARK@' '^no-such'
            """;

    private static final String NOTHING = "^no-such";

    private final ExecChannel channel;
    private final Executor threads;
    private final IntSupplier commands;
    private final CompletableFuture<String> shell = new CompletableFuture<>();
    private final List<Request> waiting = new ArrayList<>();
    private final List<Request> asked = new ArrayList<>();
    private int number;

    private record Request(String mark, long process, boolean quick, CompletableFuture<Boolean> done) {}

    /**
     * Talks to a shell that was started with {@link #script}.
     *
     * @param channel its channel
     * @param threads where what sends is run
     * @param commands how many commands there are that have not been ended
     */
    Keeper(ExecChannel channel, Executor threads, IntSupplier commands) {
        this.channel = channel;
        this.threads = threads;
        this.commands = commands;
        threads.execute(this::read);
    }

    /**
     * {@return what the shell runs}
     *
     * @param marks what all marks of the connection begin with
     */
    static String script(String marks) {
        return SCRIPT.replace("@MARK@", marks);
    }

    /** {@return the name of the login shell, once the shell runs} */
    CompletableFuture<String> shell() {
        return shell;
    }

    /**
     * Ends a command and all that it started.
     *
     * @param mark its mark, or what its mark begins with
     * @param process its process, or 0 if that is not known, or may be somebody else's by now
     * @param quick whether it has ended by itself just now, having run so briefly that no process of its can have the
     *     number of one that was there before
     * @return whether nothing is left
     */
    CompletableFuture<Boolean> end(String mark, long process, boolean quick) {
        Request request = new Request(mark, process, quick, new CompletableFuture<>());
        synchronized (waiting) {
            waiting.add(request);
        }
        ask();
        return request.done();
    }

    private void ask() {
        String line;
        synchronized (waiting) {
            if (!asked.isEmpty() || waiting.isEmpty()) {
                return;
            }
            asked.addAll(waiting);
            waiting.clear();
            String what = asked.stream().allMatch(Request::quick) ? " look " : " end ";
            String alone = commands.getAsInt() == asked.size() ? " alone" : "";
            line = ++number + what + marks(asked) + " " + sessions(asked) + alone + "\n";
        }
        threads.execute(() -> send(line));
    }

    private void send(String line) {
        try {
            OutputStream requests = channel.getOutputStream();
            requests.write(line.getBytes(UTF_8));
            requests.flush();
        } catch (IOException e) {
            fail(e);
        }
    }

    private static String marks(List<Request> requests) {
        return requests.stream().map(Request::mark).collect(Collectors.joining("|"));
    }

    /** Parent, group or session, in {@code /proc/PID/stat}; what is dead already cannot be ended. */
    private static String sessions(List<Request> requests) {
        String processes = requests.stream()
                .filter(request -> request.process() != 0)
                .map(request -> Long.toString(request.process()))
                .collect(Collectors.joining("|"));
        return processes.isEmpty()
                ? NOTHING
                : ("^[0-9]+ \\(.*\\) [^XZ] ([0-9]+ ){0,2}(" + processes + ") ").replace(" ", "[[:space:]]");
    }

    private void read() {
        try (BufferedReader answers = new BufferedReader(new InputStreamReader(channel.out, UTF_8))) {
            for (@Nullable String line; (line = answers.readLine()) != null; ) {
                if (line.startsWith(GREETING)) {
                    shell.complete(line.substring(GREETING.length()));
                } else if (shell.isDone()) {
                    answered(line);
                }
            }
            String said = new String(channel.err.readAllBytes(), UTF_8).strip();
            fail(new IOException("the shell that looks after commands ended" + (said.isEmpty() ? "" : ": " + said)));
        } catch (IOException e) {
            fail(e);
        }
    }

    private void answered(String line) {
        List<Request> done;
        synchronized (waiting) {
            if (!line.startsWith(number + " ")) {
                return;
            }
            done = List.copyOf(asked);
            asked.clear();
        }
        done.forEach(request -> request.done().complete(line.endsWith(" 0")));
        ask();
    }

    private void fail(IOException cause) {
        List<Request> lost;
        synchronized (waiting) {
            lost = new ArrayList<>(asked);
            lost.addAll(waiting);
            asked.clear();
            waiting.clear();
        }
        shell.completeExceptionally(cause);
        lost.forEach(request -> request.done().completeExceptionally(cause));
    }
}

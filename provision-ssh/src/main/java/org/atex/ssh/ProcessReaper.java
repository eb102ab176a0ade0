package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A shell on the system that ends commands with all that they started: it looks for their marks in the environments of
 * all processes, and for their sessions, until there are none. It ends everything of its connection when that breaks.
 *
 * <p>Thread safety: from any thread. What is asked for while it is busy is done in one go afterwards.
 */
final class ProcessReaper {
    /** What it says first, before the name of the login shell, or {@code other} for one that quotes in its own way. */
    private static final String GREETING = "atex-keeper ";

    /**
     * Reads what to do, and says the number of the request and 0 if nothing is left. {@code @MARK@} is what all marks of the
     * connection begin with.
     *
     * <p>{@code end} reads two extended regular expressions, one for environments, one for {@code /proc/PID/stat}, and kills
     * the processes that they match. It looks at the commands' own processes, what descends from them, and at orphans; at
     * every process if it reads {@code all} in place of the numbers of the commands' processes, or where the kernel lists no
     * children. A process whose parent is killed is an orphan the next time. It waits no longer than a process can take to
     * die, for one that nothing can end.
     *
     * <p>{@code look} reads the number of a process that ended just now, and starts no program. What that may have left has
     * a number after its own, up to the last one given, and each tree of those has an orphan for its root. The kernel
     * gives all orphans to the same process, which an orphan that is made for it finds out. It lists that one's
     * children exactly only while none of them ends, hence the second reading; a list that was found good stays so for
     * what has started later. Where it does not tell, the answer is that something may be left.
     */
    private static final String SCRIPT = """
            trap '' HUP PIPE TERM INT
            adopted() {
                j=0
                while [ $j -lt 20 ]; do
                    now=- again=-
                    { read -r now < "$orphans"; read -r again < "$orphans"; } 2>/dev/null
                    [ "$now" != - ] || return 1
                    [ "$now" != "$again" ] || return 0
                    j=$((j + 1))
                done
                return 1
            }
            below() {
                below=
                while [ $# -gt 0 ]; do
                    for list in "/proc/$1/task/"*/children; do
                        children=
                        { read -r children < "$list"; } 2>/dev/null
                        below="$below $children"
                        set -- "$@" $children
                    done
                    shift
                done
            }
            match() {
                marked=$1 stated=$2
                shift 2
                list=$(grep -lsE -e "$marked" -e "$stated" "$@")
                [ $? -lt 126 ] || list=/proc/failed/
                for f in $list; do
                    f=${f#/proc/}
                    found="$found ${f%%/*}"
                done
            }
            find() {
                found=
                if [ "$3" != all ]; then
                    IFS=,
                    set -- "$1" "$2" $3
                    IFS=$blanks
                    marked=$1 stated=$2
                    shift 2
                    below "$@"
                    if adopted; then
                        seen=" $now "
                        set -- "$@" $below $now
                        while [ $# -gt 0 ]; do
                            files=
                            if [ $# -le 500 ]; then
                                for p in "$@"; do
                                    files="$files /proc/$p/environ /proc/$p/stat"
                                done
                            else
                                files=$(printf '/proc/%s/environ ' "$@"; printf '/proc/%s/stat ' "$@")
                            fi
                            match "$marked" "$stated" $files
                            [ -n "$found" ] || adopted || found=' failed'
                            [ -z "$found" ] && [ "$seen" != " $now " ] || break
                            # What was somebody's child a moment ago may be an orphan now.
                            set --
                            for p in $now; do
                                case $seen in *" $p "*) ;; *) set -- "$@" "$p" ;; esac
                            done
                            seen=" $now "
                        done
                        [ "$found" = ' failed' ] || return
                    fi
                    set -- "$marked" "$stated"
                fi
                found=
                match "$1" "$2" /proc/[0-9]*/environ /proc/[0-9]*/stat
                if [ "$found" = ' failed' ]; then
                    # There are more processes than fit into one command line.
                    found=
                    for digits in 10 11 12 13 14 15 16 17 18 19 2 3 4 5 6 7 8 9; do
                        match "$1" "$2" /proc/$digits*/environ /proc/$digits*/stat
                    done
                fi
            }
            end() {
                i=0
                while [ $i -lt 600 ]; do
                    find "$@"
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
                now=- again=-
                { read -r now < "$orphans"; read -r again < "$orphans"; } 2>/dev/null
                [ "$now" = "$again" ] && [ "$now" != - ] || return 1
                [ "$now" != "$known" ] || [ "$1" -lt "$since" ] || return 0
                last=
                { read -r x x x x last x < /proc/loadavg; } 2>/dev/null
                [ "${last:-0}" -ge "$1" ] || return 1
                for p in $now; do
                    [ "$p" -lt "$1" ] || [ "$p" -gt "$last" ] || return 1
                done
                known=$now since=$1
            }
            adopter=$( (
                read -r self x < /proc/self/stat
                (
                    while parent self; [ "$parent" = "$self" ]; do :; done
                    echo "$parent"
                ) &
            ) 2>/dev/null)
            orphans=/proc/$adopter/task/$adopter/children
            known=- since=0
            shell=other
            [ "$*" != '@QUOTED@' ] || shell=${SHELL##*/}
            echo "atex-keeper $shell"
            blanks='
             '
            IFS=$blanks
            while read -r number what which stat pids; do
                $what "$which" "$stat" "$pids"
                echo "$number $?"
            done
            end '@MARK@' '^no-such' all
            """;

    private static final long ENDING_SECONDS = 1;

    /** How much of what a host said is shown. */
    private static final int WORDS = 2000;

    private static final String NOTHING = "^no-such";
    private static final String SPACE = "[[:space:]]";

    private final ExecChannel channel;
    private final Executor threads;
    private final CompletableFuture<String> shell = new CompletableFuture<>();
    private final List<Request> waiting = new ArrayList<>();
    private final List<Request> asked = new ArrayList<>();
    private int number;

    /**
     * Something to be done.
     *
     * @param mark of what is to be ended; or null, if it is only looked for
     * @param process its process, or 0
     * @param everywhere whether what it started is looked for among all processes
     * @param done whether nothing is left
     */
    private record Request(@Nullable String mark, long process, boolean everywhere, CompletableFuture<Boolean> done) {
        boolean isLook() {
            return mark == null;
        }
    }

    /**
     * Talks to a shell that was started with {@link #script}.
     *
     * @param channel its channel
     * @param threads where what sends is run
     */
    ProcessReaper(ExecChannel channel, Executor threads) {
        this.channel = channel;
        this.threads = threads;
        threads.execute(this::read);
    }

    /**
     * {@return what the shell runs}
     *
     * @param marks what all marks of the connection begin with
     */
    static String script(String marks) {
        // Others than bash read a file in /proc byte by byte, which takes three times as long.
        String script = SCRIPT.replace("@MARK@", marks).replace("@QUOTED@", CommandLine.AS_QUOTED);
        return "script=" + CommandLine.quoted(script) + """

                if command -v bash >/dev/null; then exec bash -c "$script" bash "$@"; fi
                eval "$script"
                """;
    }

    /** {@return the name of the login shell, once the shell runs} */
    CompletableFuture<String> shell() {
        return shell;
    }

    /**
     * Ends a command and all that it started.
     *
     * @param mark its mark
     * @param process its process; or 0 if that has ended, and its number may be another's by now
     * @return whether nothing is left
     */
    CompletableFuture<Boolean> end(String mark, long process) {
        return ask(new Request(mark, process, false, new CompletableFuture<>()));
    }

    /**
     * Ends commands whose processes are not known, and all that they started.
     *
     * @param mark what their marks begin with
     * @return whether nothing is left
     */
    CompletableFuture<Boolean> endEverywhere(String mark) {
        return ask(new Request(mark, 0, true, new CompletableFuture<>()));
    }

    /**
     * Looks whether a command may have left something. It takes a fraction of what ending it takes.
     *
     * @param process its process, which has ended just now, and had run so briefly that the numbers of processes cannot have
     *     come round
     * @return whether it has certainly left nothing
     */
    CompletableFuture<Boolean> look(long process) {
        return ask(new Request(null, process, false, new CompletableFuture<>()));
    }

    private CompletableFuture<Boolean> ask(Request request) {
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
            boolean look = waiting.getFirst().isLook();
            waiting.stream().filter(request -> request.isLook() == look).forEach(asked::add);
            waiting.removeAll(asked);
            line = ++number + (look ? " look " + first(asked) : " end " + end(asked)) + "\n";
        }
        threads.execute(() -> send(line));
    }

    private static long first(List<Request> requests) {
        return requests.stream().mapToLong(Request::process).min().orElseThrow();
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

    private static String end(List<Request> requests) {
        String marks = requests.stream().map(Request::mark).collect(Collectors.joining("|"));
        List<Long> processes = requests.stream()
                .map(Request::process)
                .filter(process -> process != 0)
                .toList();
        String where = requests.stream().anyMatch(Request::everywhere)
                ? "all"
                : processes.stream().map(String::valueOf).collect(Collectors.joining(","));
        return marks + " " + sessionsOf(processes) + " " + where;
    }

    /**
     * {@return what matches the line in {@code /proc/PID/stat} of every process that has one of these for its parent, group or
     * session; what is dead already cannot be ended} There is no space in it, as spaces separate what is asked for.
     *
     * @param processes their numbers
     */
    static String sessionsOf(List<Long> processes) {
        String any = processes.stream().map(String::valueOf).collect(Collectors.joining("|"));
        // A dot in place of the spaces would also match a digit, and so take 4312 for 312.
        return any.isEmpty() ? NOTHING : ("^[0-9]+ \\(.*\\) [^XZ] ([0-9]+ ){0,2}(" + any + ") ").replace(" ", SPACE);
    }

    private void read() {
        StringBuilder said = new StringBuilder();
        try (BufferedReader answers = new BufferedReader(new InputStreamReader(channel.out, UTF_8))) {
            for (@Nullable String line; (line = answers.readLine()) != null; ) {
                if (line.startsWith(GREETING)) {
                    shell.complete(line.substring(GREETING.length()));
                } else if (shell.isDone()) {
                    answered(line);
                } else {
                    said.append(line).append('\n');
                }
            }
            said.append(new String(channel.err.readAllBytes(), UTF_8));
            String what = shell.isDone() ? "the shell that looks after commands ended" : "it ended";
            fail(new IOException(what + ending() + saying(said.toString())));
        } catch (IOException e) {
            fail(e);
        }
    }

    /** {@return how it ended, if that is told soon} */
    private String ending() {
        try {
            return " with " + channel.end.get(ENDING_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        } catch (ExecutionException | TimeoutException e) {
            return "";
        }
    }

    /**
     * {@return words of a host's as a part of a message; empty if there are none}
     *
     * @param words what it said, of which the end is shown
     */
    static String saying(String words) {
        String text = words.strip().replaceAll("\\s*\\R\\s*", "; ");
        return text.isEmpty()
                ? ""
                : ": " + (text.length() <= WORDS ? text : "…" + text.substring(text.length() - WORDS));
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

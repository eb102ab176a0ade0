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
 * A shell on the host that kills a command and all processes that the command started. It finds them by the mark in
 * their environment and by their session, and repeats the search until no process matches. When its connection breaks,
 * it kills the processes of all commands of the connection.
 *
 * <p>Requests and answers are lines of text; {@link #SCRIPT} defines them. Requests that arrive while the shell is busy
 * are sent as one request when it has answered.
 *
 * <p>Thread safety: every method may be called from any thread.
 */
final class ProcessReaper {
    /**
     * The start of the first line of the shell's output. The name of the login shell follows, or {@code other} for a
     * login shell that does not quote as {@code sh} does.
     */
    private static final String GREETING = "atex-reaper ";

    /**
     * The program of the shell. It reads requests, one a line, and answers each with the number of the request and an
     * exit code: 0 if no process is left. {@code @MARK@} is the common prefix of all marks of the connection. The shell
     * runs until its input ends, which also happens when the connection breaks, and then kills all marked processes.
     *
     * <p>{@code N end MARKS STATS PIDS} kills processes. {@code MARKS} and {@code STATS} are extended regular
     * expressions; a process matches if one of them matches its environment or its line in {@code /proc/PID/stat}.
     * {@code PIDS} are the processes of the commands, separated by commas: only these, their descendants and orphans
     * are searched. All processes are searched if {@code PIDS} is {@code all}, or if the kernel does not list children.
     * When a parent is killed, its children become orphans and are found by the next search. The number of searches is
     * bounded: a process in an uninterruptible wait may not end.
     *
     * <p>{@code N check PID} answers 0 only if the process {@code PID}, which has just ended, has left no process. It
     * starts no program, so it is cheap. It relies on the following:
     *
     * <ul>
     *   <li>A process left behind has a number above {@code PID} and not above the last number that the kernel has
     *       assigned ({@code /proc/loadavg}).
     *   <li>The root of every tree of such processes is an orphan, and the kernel gives all orphans to one process,
     *       init or a subreaper. To find that process, the script makes an orphan and reads its parent.
     *   <li>The kernel's list of children is exact only if no child ends during the read. The script therefore reads it
     *       twice and trusts two equal results. A list that was found good stays valid for later commands.
     * </ul>
     *
     * <p>In every doubtful case the answer is not 0, and the caller sends {@code end}.
     */
    private static final String SCRIPT = """
            trap '' HUP PIPE TERM INT
            read_orphans() {
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
            list_descendants() {
                descendants=
                while [ $# -gt 0 ]; do
                    for list in "/proc/$1/task/"*/children; do
                        children=
                        { read -r children < "$list"; } 2>/dev/null
                        descendants="$descendants $children"
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
                    list_descendants "$@"
                    if read_orphans; then
                        seen=" $now "
                        set -- "$@" $descendants $now
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
                            [ -n "$found" ] || read_orphans || found=' failed'
                            [ -z "$found" ] && [ "$seen" != " $now " ] || break
                            # A process may have become an orphan since the previous read.
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
                    # The list of all processes is too long for one command line: search it in parts.
                    found=
                    for digits in 10 11 12 13 14 15 16 17 18 19 2 3 4 5 6 7 8 9; do
                        match "$1" "$2" /proc/$digits*/environ /proc/$digits*/stat
                    done
                fi
            }
            end() {
                i=0 clean=0
                while [ $i -lt 600 ]; do
                    find "$@"
                    if [ -n "$found" ]; then
                        clean=0
                        kill -9 $found 2>/dev/null
                    else
                        # A process has no environment for a moment during execve, and one search may miss it.
                        clean=$((clean + 1))
                        [ $clean -lt 2 ] || return 0
                    fi
                    i=$((i + 1))
                done
                return 1
            }
            read_parent() {
                stat=
                { read -r stat < "/proc/$1/stat"; } 2>/dev/null
                stat=${stat##*) }
                stat=${stat#* }
                parent=${stat%% *}
            }
            check() {
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
                    while read_parent self; [ "$parent" = "$self" ]; do :; done
                    echo "$parent"
                ) &
            ) 2>/dev/null)
            orphans=/proc/$adopter/task/$adopter/children
            known=- since=0
            shell=other
            [ "$*" != '@QUOTED@' ] || shell=${SHELL##*/}
            echo "atex-reaper $shell"
            blanks='
             '
            IFS=$blanks
            while read -r number request which stat pids; do
                case $request in
                    check | end) "$request" "$which" "$stat" "$pids" ;;
                    *) echo "unknown request: $request" >&2; exit 64 ;;
                esac
                echo "$number $?"
            done
            end '@MARK@' '^no-such' all
            """;

    /** How long to wait for the exit code of the shell after its output has ended. */
    private static final long EXIT_CODE_SECONDS = 1;

    /** The maximum number of characters of a host's output in a message. */
    private static final int MAX_QUOTED_CHARS = 2000;

    /** Matches no line, neither of an environment nor of {@code /proc/PID/stat}. */
    private static final String NOTHING = "^no-such";

    private static final String SPACE = "[[:space:]]";

    private final ExecChannel channel;
    private final Executor threads;
    private final CompletableFuture<String> shell = new CompletableFuture<>();

    /** Requests not yet sent. Guarded by itself, as are {@link #sent} and {@link #lastNumber}. */
    private final List<Request> queued = new ArrayList<>();

    /** Requests sent together in the last line and not yet answered. */
    private final List<Request> sent = new ArrayList<>();

    /** The number of the last line sent. An answer to an earlier line is ignored. */
    private int lastNumber;

    /**
     * A request to the shell.
     *
     * @param mark the mark of the command to kill; null for a check
     * @param process the process of the command, or 0 if it is not known
     * @param everywhere whether to search all processes
     * @param done completed with true if no process is left, false if one may be left
     */
    private record Request(@Nullable String mark, long process, boolean everywhere, CompletableFuture<Boolean> done) {
        boolean isCheck() {
            return mark == null;
        }
    }

    /**
     * Starts to read the output of a shell that runs {@link #script}.
     *
     * @param channel the channel of the shell
     * @param threads runs the tasks that read from and write to the channel
     */
    ProcessReaper(ExecChannel channel, Executor threads) {
        this.channel = channel;
        this.threads = threads;
        threads.execute(this::read);
    }

    /**
     * {@return the script that the shell runs}
     *
     * @param marks the common prefix of all marks of the connection
     */
    static String script(String marks) {
        // bash reads a /proc file in one system call, other shells byte by byte, which takes three times as long.
        String script = SCRIPT.replace("@MARK@", marks).replace("@QUOTED@", CommandLine.AS_QUOTED);
        return "script=" + CommandLine.quoted(script) + """

                if command -v bash >/dev/null; then exec bash -c "$script" bash "$@"; fi
                eval "$script"
                """;
    }

    /** {@return a future with the name of the login shell, completed when the shell runs} */
    CompletableFuture<String> shell() {
        return shell;
    }

    /**
     * Kills a command and all processes that it started.
     *
     * @param mark the mark of the command
     * @param process the process of the command; 0 if it has ended and the kernel may have reused its number
     * @return a future that is true if no process is left
     */
    CompletableFuture<Boolean> kill(String mark, long process) {
        return submit(new Request(mark, process, false, new CompletableFuture<>()));
    }

    /**
     * Kills commands without known processes, and all processes that they started.
     *
     * @param mark the mark of a command, or a common prefix of the marks of several
     * @return a future that is true if no process is left
     */
    CompletableFuture<Boolean> killEverywhere(String mark) {
        return submit(new Request(mark, 0, true, new CompletableFuture<>()));
    }

    /**
     * Checks whether a command may have left a process behind. The check is much cheaper than {@link #kill}.
     *
     * @param process the process of the command. It must have ended just now, after so short a time that the kernel
     *     cannot have started again from low process numbers
     * @return a future that is true only if the command has certainly left no process
     */
    CompletableFuture<Boolean> leftNothing(long process) {
        return submit(new Request(null, process, false, new CompletableFuture<>()));
    }

    private CompletableFuture<Boolean> submit(Request request) {
        synchronized (queued) {
            queued.add(request);
        }
        submit();
        return request.done();
    }

    private void submit() {
        String line;
        synchronized (queued) {
            if (!sent.isEmpty() || queued.isEmpty()) {
                return;
            }
            // One line holds either checks or kills. The next line is sent when this one is answered.
            boolean check = queued.getFirst().isCheck();
            queued.stream().filter(request -> request.isCheck() == check).forEach(sent::add);
            queued.removeAll(sent);
            lastNumber++;
            line = check ? checkLine(lastNumber, lowestProcess(sent)) : killLine(lastNumber, sent);
        }
        threads.execute(() -> send(line));
    }

    /** All orphans above the lowest number are checked, which covers the other processes as well. */
    private static long lowestProcess(List<Request> requests) {
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

    private static String killLine(int number, List<Request> requests) {
        String marks = requests.stream().map(Request::mark).collect(Collectors.joining("|"));
        List<Long> processes = requests.stream()
                .map(Request::process)
                .filter(process -> process != 0)
                .toList();
        String where = requests.stream().anyMatch(Request::everywhere)
                ? "all"
                : processes.stream().map(String::valueOf).collect(Collectors.joining(","));
        return endLine(number, marks, sessionsOf(processes), where);
    }

    /** {@return a line for the script that checks whether a process has left any} */
    static String checkLine(int number, long process) {
        return number + " check " + process + "\n";
    }

    /** {@return a line for the script that ends processes, as {@link #SCRIPT} describes} */
    static String endLine(int number, String marks, String stats, String processes) {
        return number + " end " + marks + " " + stats + " " + processes + "\n";
    }

    /**
     * {@return an extended regular expression for lines of {@code /proc/PID/stat} (see {@code proc_pid_stat(5)})} It
     * matches a process that has one of the given processes as its parent, group or session, unless it is dead (state X
     * or Z). The expression contains no space, as spaces separate the words of a request.
     *
     * @param processes the numbers of the processes
     */
    static String sessionsOf(List<Long> processes) {
        String any = processes.stream().map(String::valueOf).collect(Collectors.joining("|"));
        // [[:space:]], not a dot: a dot also matches a digit, so that 312 would match 4312.
        return any.isEmpty() ? NOTHING : ("^[0-9]+ \\(.*\\) [^XZ] ([0-9]+ ){0,2}(" + any + ") ").replace(" ", SPACE);
    }

    private void read() {
        StringBuilder output = new StringBuilder();
        try (BufferedReader answers = new BufferedReader(new InputStreamReader(channel.out, UTF_8))) {
            for (@Nullable String line; (line = answers.readLine()) != null; ) {
                if (line.startsWith(GREETING)) {
                    shell.complete(line.substring(GREETING.length()));
                } else if (shell.isDone()) {
                    complete(line);
                } else {
                    output.append(line).append('\n');
                }
            }
            output.append(new String(channel.err.readAllBytes(), UTF_8));
            String what = shell.isDone() ? "the reaper shell on the host ended" : "it ended";
            fail(new IOException(what + exitCode() + quoted(output.toString())));
        } catch (IOException e) {
            fail(e);
        }
    }

    /** {@return " with " and the exit code of the shell, or an empty string if the host does not send it in time} */
    private String exitCode() {
        try {
            return " with " + channel.end.get(EXIT_CODE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        } catch (ExecutionException | TimeoutException e) {
            return "";
        }
    }

    /**
     * {@return a colon and the end of a host's output for a message, on one line; an empty string if there is no
     * output}
     *
     * @param output the output
     */
    static String quoted(String output) {
        String text = output.strip().replaceAll("\\s*\\R\\s*", "; ");
        return text.isEmpty()
                ? ""
                : ": "
                        + (text.length() <= MAX_QUOTED_CHARS
                                ? text
                                : "…" + text.substring(text.length() - MAX_QUOTED_CHARS));
    }

    private void complete(String line) {
        List<Request> done;
        synchronized (queued) {
            if (!line.startsWith(lastNumber + " ")) {
                // An answer to an earlier line, or text that a program wrote to the shell's output.
                return;
            }
            done = List.copyOf(sent);
            sent.clear();
        }
        done.forEach(request -> request.done().complete(line.endsWith(" 0")));
        submit();
    }

    private void fail(IOException cause) {
        List<Request> lost;
        synchronized (queued) {
            lost = new ArrayList<>(sent);
            lost.addAll(queued);
            sent.clear();
            queued.clear();
        }
        shell.completeExceptionally(cause);
        lost.forEach(request -> request.done().completeExceptionally(cause));
    }
}

package org.atex.fmf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.atex.fmf.tree.FmfException;
import org.atex.support.CommandScript;

/**
 * Runs git in a separate, temporary repository. Git cannot prompt, its processes end with the time limit, and passwords
 * are not on command lines, which other users can read. For one thread.
 */
final class Git {
    private static final int MAX_ERROR_LENGTH = 1000;
    /** Variables that would redirect git to another repository. */
    static final List<String> IGNORED_VARIABLES = List.of(
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_COMMON_DIR",
            "GIT_NAMESPACE",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            "GIT_PREFIX",
            "GIT_SHALLOW_FILE",
            "GIT_GRAFT_FILE");

    /**
     * The configuration of a credential helper that returns the user and the password of the URL. The empty first entry
     * removes the user's own helpers, which might store the password.
     */
    private static final String CREDENTIALS = "[credential]\n\thelper =\n\thelper = "
            + quoted("!f() { echo \"username=$ATEX_GIT_USER\"; echo \"password=$ATEX_GIT_PASSWORD\"; }; f")
            + "\n";

    private final Path directory;
    private final GitUrl url;
    private final long deadline;
    private final Duration timeLimit;
    private String ssh = "ssh";

    /**
     * The result of a command.
     *
     * @param code the exit code
     * @param out the standard output
     * @param error the standard error
     */
    record Result(int code, String out, String error) {
        boolean succeeded() {
            return code == 0;
        }
    }

    private Git(Path directory, GitUrl url, Duration timeLimit) {
        this.directory = directory;
        this.url = url;
        this.timeLimit = timeLimit;
        this.deadline = System.nanoTime() + timeLimit.toNanos();
    }

    /**
     * Creates an empty repository with a remote {@code origin}.
     *
     * @param directory an empty directory
     * @param url the URL of the remote
     * @param timeLimit the time limit of all commands together
     */
    static Git init(Path directory, GitUrl url, Duration timeLimit) throws InterruptedException, IOException {
        Git git = new Git(directory, url, timeLimit);
        git.run("make a repository for", "init", "--quiet", "--bare", "--template=", ".");
        Path config = directory.resolve("config");
        // Written to the file, as arguments of 'git remote add' would be visible to other users.
        Files.writeString(
                config,
                "[remote \"origin\"]\n\turl = " + quoted(url.address()) + "\n"
                        + (url.user() == null ? "" : CREDENTIALS),
                StandardOpenOption.APPEND);
        if (url.overSsh()) {
            git.ssh = git.configuredSsh();
        }
        return git;
    }

    private static String quoted(String value) {
        return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }

    /** {@return the ssh command that the user has configured for git} */
    private String configuredSsh() throws InterruptedException, IOException {
        String command = System.getenv("GIT_SSH_COMMAND");
        if (command != null) {
            return command;
        }
        String program = System.getenv("GIT_SSH");
        if (program != null) {
            return CommandScript.posixQuoted(program);
        }
        Result configured = attempt("config", "--get", "core.sshCommand");
        return configured.succeeded() ? configured.out().strip() : "ssh";
    }

    /**
     * Runs git.
     *
     * @param action the action for the message of a failure, such as {@code fetch}
     * @param arguments the arguments
     * @return the standard output
     * @throws FmfException if git fails
     */
    String run(String action, String... arguments) throws InterruptedException, IOException {
        Result result = attempt(arguments);
        if (!result.succeeded()) {
            throw failure(action, result.error());
        }
        return result.out();
    }

    /**
     * Runs git and returns its result, also if it fails.
     *
     * @param arguments the arguments
     * @throws FmfException if git cannot be started or exceeds the time limit
     */
    Result attempt(String... arguments) throws InterruptedException, IOException {
        // Files need no threads that read them, as pipes would.
        Path out = Files.createTempFile(directory, "out", "");
        Path error = Files.createTempFile(directory, "err", "");
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(out.toFile())
                .redirectError(error.toFile());
        setEnvironment(builder.environment());
        int code = await(start(builder));
        return new Result(code, text(out), text(error));
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    private static Process start(ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new FmfException(
                    FmfException.Kind.FETCH,
                    "Could not run git: " + e.getMessage() + ". Remote trees need it: install it",
                    e);
        }
    }

    private int await(Process process) throws InterruptedException {
        boolean ended = false;
        try {
            ended = process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } finally {
            if (!ended) {
                killTree(process);
            }
        }
        if (!ended) {
            throw failure(
                    "fetch", "it was killed at the time limit of " + timeLimit.toSeconds() + " s for all commands");
        }
        return process.exitValue();
    }

    /** Kills git and its children: ssh, and the helper for http. */
    private static void killTree(Process process) {
        // The children must be listed first: those of a dead process are no longer known.
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        process.onExit()
                .orTimeout(2, TimeUnit.SECONDS)
                .exceptionally(unused -> process)
                .join();
    }

    private void setEnvironment(Map<String, String> environment) {
        IGNORED_VARIABLES.forEach(environment::remove);
        // Traces would write credentials to a file.
        environment.keySet().removeIf(name -> name.startsWith("GIT_TRACE"));
        environment.put("GIT_DIR", directory.toString());
        environment.put("LC_ALL", "C");
        // Every way to prompt is closed: terminal, graphical programs for git and ssh, and credential managers.
        environment.put("GIT_TERMINAL_PROMPT", "0");
        environment.put("GIT_ASKPASS", "true");
        environment.put("SSH_ASKPASS", "true");
        environment.put("GCM_INTERACTIVE", "never");
        environment.put("GIT_SSH_COMMAND", ssh + " -o BatchMode=yes");
        if (url.user() != null) {
            environment.put("ATEX_GIT_USER", url.user());
            environment.put("ATEX_GIT_PASSWORD", url.password());
        }
    }

    /** {@return an error with the last output of git} */
    FmfException failure(String action, String error) {
        String output = GitUrl.redact(error).strip();
        String last = output.length() > MAX_ERROR_LENGTH
                ? "…" + output.substring(output.length() - MAX_ERROR_LENGTH)
                : output;
        return new FmfException(
                FmfException.Kind.FETCH,
                "Could not " + action + " " + url + ": " + (last.isEmpty() ? "git gave no reason" : last)
                        + "\nCheck the address, the ref and the network, and that git can log in there without asking",
                null);
    }
}

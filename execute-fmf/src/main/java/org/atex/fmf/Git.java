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

/**
 * Runs git in a repository of its own: never asking anybody anything, never for longer than it may, and never with a secret
 * on a command line. For one thread.
 */
final class Git {
    private static final int SHOWN = 1000;
    /** Names variables that would lead git elsewhere, or make it write down what it sends. */
    static final List<String> MISLEADING = List.of(
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

    /** What the URL says, and no helper of the user's, which might keep it. */
    private static final String CREDENTIALS = "[credential]\n\thelper =\n\thelper = "
            + quoted("!f() { echo \"username=$ATEX_GIT_USER\"; echo \"password=$ATEX_GIT_PASSWORD\"; }; f")
            + "\n";

    private final Path directory;
    private final GitUrl url;
    private final long deadline;
    private final Duration within;
    private String ssh = "ssh";

    /**
     * How a command ended.
     *
     * @param code its exit code
     * @param out what it said
     * @param error what it complained about
     */
    record Result(int code, String out, String error) {
        boolean succeeded() {
            return code == 0;
        }
    }

    private Git(Path directory, GitUrl url, Duration within) {
        this.directory = directory;
        this.url = url;
        this.within = within;
        this.deadline = System.nanoTime() + within.toNanos();
    }

    /** Makes an empty repository, which knows where to fetch from. */
    static Git init(Path directory, GitUrl url, Duration within) throws InterruptedException, IOException {
        Git git = new Git(directory, url, within);
        git.run("make a repository for", "init", "--quiet", "--bare", "--template=", ".");
        Path config = directory.resolve("config");
        // Not by its command, whose arguments are for all to see.
        Files.writeString(
                config,
                "[remote \"origin\"]\n\turl = " + quoted(url.address()) + "\n"
                        + (url.user() == null ? "" : CREDENTIALS),
                StandardOpenOption.APPEND);
        if (url.overSsh()) {
            git.ssh = git.usersSsh();
        }
        return git;
    }

    private static String quoted(String value) {
        return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }

    /** {@return how the user has git run ssh} */
    private String usersSsh() throws InterruptedException, IOException {
        String command = System.getenv("GIT_SSH_COMMAND");
        if (command != null) {
            return command;
        }
        String program = System.getenv("GIT_SSH");
        if (program != null) {
            return "'" + program.replace("'", "'\\''") + "'";
        }
        Result configured = attempt("config", "--get", "core.sshCommand");
        return configured.succeeded() ? configured.out().strip() : "ssh";
    }

    /** Runs git, which must succeed. */
    String run(String what, String... arguments) throws InterruptedException, IOException {
        Result result = attempt(arguments);
        if (!result.succeeded()) {
            throw failure(what, result.error());
        }
        return result.out();
    }

    /** Runs git, which may fail. */
    Result attempt(String... arguments) throws InterruptedException, IOException {
        Path out = Files.createTempFile(directory, "out", "");
        Path error = Files.createTempFile(directory, "err", "");
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(out.toFile())
                .redirectError(error.toFile());
        prepare(builder.environment());
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
                kill(process);
            }
        }
        if (!ended) {
            throw failure("fetch", "it was ended, since all of it may take " + within.toSeconds() + " s");
        }
        return process.exitValue();
    }

    /** With what it started: ssh, and the program that speaks http. */
    private static void kill(Process process) {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        process.onExit()
                .orTimeout(2, TimeUnit.SECONDS)
                .exceptionally(unused -> process)
                .join();
    }

    private void prepare(Map<String, String> environment) {
        MISLEADING.forEach(environment::remove);
        environment.keySet().removeIf(name -> name.startsWith("GIT_TRACE"));
        environment.put("GIT_DIR", directory.toString());
        environment.put("LC_ALL", "C");
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

    /** {@return an error that says what git said last} */
    FmfException failure(String what, String error) {
        String said = GitUrl.redact(error).strip();
        String last = said.length() > SHOWN ? "…" + said.substring(said.length() - SHOWN) : said;
        return new FmfException(
                FmfException.Kind.FETCH,
                "Could not " + what + " " + url + ": " + (last.isEmpty() ? "git did not say why" : last)
                        + "\nCheck the address, the ref and the network, and that git can log in there without asking",
                null);
    }
}

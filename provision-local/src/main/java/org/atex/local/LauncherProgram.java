package org.atex.local;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.support.CommandScript;
import org.atex.support.RawFileName;
import org.jspecify.annotations.Nullable;

/** The programs that can be a {@link LauncherShell}. Each reads its script from its standard input. */
enum LauncherProgram {
    /** Starts everything. Each command costs a fork of bash. */
    BASH("launcher.sh") {
        @Override
        List<String> line(String bash) {
            Map<String, String> environment = System.getenv();
            String added = Stream.of("PWD", "OLDPWD", "SHLVL")
                    .filter(name -> !environment.containsKey(name))
                    .collect(Collectors.joining(" "));
            return List.of(bash, "-c", READ_SCRIPT, NAME, added, environment.getOrDefault("SHLVL", ""));
        }

        @Override
        Set<String> omittedVariables() {
            return INFLUENTIAL;
        }

        @Override
        byte[] request(Command command, Redirections streams, String mark) {
            Command complete = command;
            if (!OMITTED.isEmpty()) {
                Map<String, String> all = new TreeMap<>(OMITTED);
                all.putAll(command.environment());
                complete = command.withEnvironment(all);
            }
            // Redirections of groups, since those of "builtin exec" do not last.
            String script = "{\nbuiltin echo \"started $BASHPID\" >&\"$__atex_answers\"\n{\n"
                    + CommandScript.of(complete, mark, "") + "} {__atex_answers}>&-\n} " + redirections(streams) + "\n";
            return script.getBytes(US_ASCII);
        }
    },

    /**
     * Takes half the time of bash for each command, but longer to start. Refuses what is not a program, such as a script
     * without an interpreter.
     */
    PYTHON("launcher.py") {
        @Override
        List<String> line(String python) {
            return List.of(
                    python,
                    "-I",
                    "-S",
                    "-c",
                    "requests = open(0, 'rb'); exec(requests.read(int(requests.read(8))))",
                    Long.toString(ProcessHandle.current().pid()),
                    NAME);
        }

        @Override
        Set<String> omittedVariables() {
            return Set.of();
        }

        @Override
        byte[] request(Command command, Redirections streams, String mark) {
            StringBuilder fields = new StringBuilder();
            String directory = command.directory();
            field(fields, directory == null ? "" : RawFileName.of(directory));
            field(fields, RawFileName.of(streams.stdin()));
            field(fields, RawFileName.of(streams.stdout()));
            field(fields, streams.stderr() == null ? "" : RawFileName.of(streams.stderr()));
            field(fields, mark);
            field(fields, Integer.toString(command.environment().size()));
            command.environment().forEach((name, value) -> field(fields, RawFileName.of(name + "=" + value)));
            command.arguments().forEach(argument -> field(fields, RawFileName.of(argument)));
            return fields.toString().getBytes(ISO_8859_1);
        }

        private static void field(StringBuilder fields, String raw) {
            fields.append(raw).append('\0');
        }
    };

    private static final String NAME = "atex-launcher";

    // The script is not an argument, as "pkill -f" compares its pattern with arguments.
    private static final String READ_SCRIPT = "IFS= builtin read -r -N 8 __atex_length"
            + " && IFS= builtin read -r -N \"$__atex_length\" __atex_request && builtin eval \"$__atex_request\"";

    // Variables that change how bash works. Commands get them nevertheless.
    private static final Set<String> INFLUENTIAL = Set.of(
            "BASHOPTS",
            "BASHPID",
            "BASH_COMPAT",
            "BASH_ENV",
            "BASH_VERSINFO",
            "BASH_XTRACEFD",
            "ENV",
            "EUID",
            "EXECIGNORE",
            "GLOBIGNORE",
            "GROUPS",
            "IFS",
            "LC_ALL",
            "POSIXLY_CORRECT",
            "PPID",
            "SHELLOPTS",
            "UID");

    private static final Map<String, String> OMITTED = System.getenv().entrySet().stream()
            .filter(variable -> INFLUENTIAL.contains(variable.getKey()))
            .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));

    private final byte[] script;

    LauncherProgram(String resource) {
        script = read(resource);
    }

    /**
     * The files that are the standard streams of a command.
     *
     * @param stdin its input
     * @param stdout the file to which its output is appended
     * @param stderr the file to which its error output is appended; null if it goes with the output
     */
    record Redirections(Path stdin, Path stdout, @Nullable Path stderr) {
        static final Path NULL = Path.of("/dev/null");

        /** No input, and no output. */
        static final Redirections NONE = new Redirections(NULL, NULL, NULL);
    }

    /**
     * {@return the command line}
     *
     * @param path the absolute path of the program
     */
    abstract List<String> line(String path);

    /** {@return the variables that the program must not get} */
    abstract Set<String> omittedVariables();

    /**
     * {@return a request that starts a command}
     *
     * @param command the command; its standard streams are ignored
     * @param streams its standard streams
     * @param mark its mark
     */
    abstract byte[] request(Command command, Redirections streams, String mark);

    /** {@return the script that answers requests} */
    byte[] script() {
        return script.clone();
    }

    private static String redirections(Redirections streams) {
        return "<" + CommandScript.quoted(streams.stdin())
                + " >>" + CommandScript.quoted(streams.stdout())
                + (streams.stderr() == null ? " 2>&1" : " 2>>" + CommandScript.quoted(streams.stderr()));
    }

    private static byte[] read(String resource) {
        try (InputStream script = LauncherProgram.class.getResourceAsStream(resource)) {
            if (script == null) {
                throw new IllegalStateException(
                        resource + " is missing next to the classes of provision-local (was the jar repackaged?)");
            }
            return script.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

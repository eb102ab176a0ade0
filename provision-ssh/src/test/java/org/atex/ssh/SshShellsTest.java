package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandResult;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.lab.SshSystem;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Accounts with every login shell and with start-up files that print, on a real system. */
@Timeout(180)
class SshShellsTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    /** The accounts, named like their shells. */
    private static final List<String> SHELLS =
            List.of("sh", "bash", "dash", "ash", "zsh", "ksh93", "mksh", "fish", "tcsh", "bsd-csh");

    /**
     * Output of start-up files on both streams: without a final line break and not UTF-8. That of some accounts is larger
     * than an ssh window. The others have less of it, since every command waits for its end.
     */
    private static final String NOISE = """
            #!/bin/sh
            printf 'Welcome! \\377\\376\\n\\natex-process x\\natex-process 1'
            test -e ~/.loud && size=3000000
            head -c ${size-3000} /dev/zero | tr '\\0' '\\221'
            printf 'atex-proc'
            """;

    /** Settings that break a command's script if the login shell applies them. */
    private static final String NASTY = """
            echo() { printf 'function echo\\n'; }
            cd() { builtin cd "$@"; pwd; }
            export() { printf 'function export\\n'; }
            read() { printf 'function read\\n'; }
            alias echo='echo alias' export=false cd=false
            trap 'printf "debug\\n"' DEBUG
            CDPATH=/usr:/tmp
            set -eux
            """;

    private static final String ACCOUNTS = """
            set -e
            ln -s /bin/busybox /usr/local/bin/ash
            printf '%s' "$NOISE" >/usr/local/bin/noise
            printf '/usr/local/bin/noise\\n/usr/local/bin/noise >&2\\n' >/etc/noise
            chmod 755 /usr/local/bin/noise
            add() {
                useradd -m -p '*' -s "$(command -v "$2")" "$1"
            }
            for shell in $SHELLS; do
                add "$shell" "$shell"
                add "noisy-$shell" "$shell"
                home=/home/noisy-$shell
                mkdir -p $home/.config/fish
                for file in .bashrc .zshenv .cshrc .tcshrc .kshrc .mkshrc .profile .config/fish/config.fish; do
                    cp /etc/noise $home/$file
                done
                chown -R "noisy-$shell:" $home
            done
            touch /home/noisy-bash/.loud /home/noisy-fish/.loud /home/noisy-tcsh/.loud
            for shell in bash zsh; do
                add "nasty-$shell" "$shell"
                printf '%s' "$NASTY" >/home/nasty-$shell/.bashrc
                printf '%s' "$NASTY" >/home/nasty-$shell/.zshenv
            done
            add liar fish
            mkdir -p /home/liar/.config/fish
            echo 'set -x SHELL /bin/bash' >/home/liar/.config/fish/config.fish
            add closed nologin
            printf 'fish,noisy-bash,bsd-csh ALL=(ALL) NOPASSWD: ALL\\n' >/etc/sudoers.d/lab
            """;

    private static SshSystem system;

    @TempDir
    private Path directory;

    static Stream<Arguments> accounts() {
        Stream<String> plain = SHELLS.stream();
        Stream<String> noisy = SHELLS.stream().map(shell -> "noisy-" + shell);
        return Stream.of(plain, noisy, Stream.of("nasty-bash", "nasty-zsh", "liar"))
                .flatMap(names -> names)
                .map(Arguments::of);
    }

    @BeforeAll
    static void start() throws Exception {
        system = LAB.ssh(LabImage.SHELLS);
        String variables = "NOISE=" + CommandLine.quoted(NOISE) + " NASTY=" + CommandLine.quoted(NASTY) + " SHELLS='"
                + String.join(" ", SHELLS) + "'\n";
        system.container().exec("bash", "-c", variables + ACCOUNTS);
    }

    private static SshOptions options() {
        return SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withConnectWithin(Duration.ofMinutes(2))
                .withKey(system.key())
                .withHostKeys(HostKeys.knownHosts(system.knownHosts()));
    }

    private static SshConnection connect(String account, SshOptions options) throws Exception {
        return SshConnection.open(account + "@" + system.address(), options);
    }

    private static SshConnection connect(String account) throws Exception {
        return connect(account, options());
    }

    @ParameterizedTest
    @MethodSource("accounts")
    void everyAccountRunsCommands(String account) throws Exception {
        try (SshConnection connection = connect(account)) {
            assertRunsCommands(connection);
            assertStreamsAreLive(connection);
            assertNothingIsLeft(connection);
        }
    }

    private static void assertRunsCommands(SshConnection connection) throws Exception {
        String[] words = {"", "a\nb", "'\"!\\ \\! !! !$", "$HOME `id` $(id)", "* ? ~ [a]", "ä\\\\\n\n", "%s", "--"};
        String[] line =
                Stream.concat(Stream.of("printf", "<%s>"), Stream.of(words)).toArray(String[]::new);
        assertThat(connection.run(Command.of(line)).stdout()).isEqualTo("<" + String.join("><", words) + ">");

        CommandResult said =
                connection.run(Command.bash("cat; printf err >&2; exit 3").withStdin(Input.text("in")));
        assertThat(said.end()).isEqualTo(new CommandEnd.Exited(3));
        assertThat(said.stdout()).isEqualTo("in");
        assertThat(said.stderr()).isEqualTo("err");
        assertThat(connection.run(Command.bash("kill -KILL $$")).end()).isEqualTo(new CommandEnd.Signalled("KILL"));
        CommandResult merged =
                connection.run(Command.bash("printf 1; printf 2 >&2; printf 3").withStderr(Output.merge()));
        assertThat(merged.stdout()).isEqualTo("123");

        String large = "x'\n!\\".repeat(5000);
        for (String value : List.of("a\n'b'\\!$HOME", large)) {
            CommandResult with = connection.run(Command.bash("printf %s \"$SOME\"; cat")
                    .withEnvironment("SOME", value)
                    .withEnvironment("a.b", "c")
                    .withStdin(Input.text("rest")));
            assertThat(with.stdout()).isEqualTo(value + "rest");
            assertThat(with.stderr()).isEmpty();
        }
        CommandResult much =
                connection.run(Command.of("sh", "-c", "printf %s \"$1$2\" | md5sum; cat", "sh", large, large)
                        .withEnvironment("ONE", large)
                        .withEnvironment("TWO", large)
                        .withStdin(Input.text("rest")));
        assertThat(much.orThrow().stdout()).matches("[0-9a-f]{32}  -\nrest");

        String odd = "/tmp/odd '!\\ \"$x";
        connection.run(Command.of("mkdir", "-p", odd)).orThrow();
        assertThat(connection.run(Command.of("pwd").withDirectory(odd)).stdout())
                .isEqualTo(odd + "\n");
        CommandResult nowhere = connection.run(Command.of("pwd").withDirectory("/not/there"));
        assertThat(nowhere.end()).isEqualTo(new CommandEnd.Exited(126));
        assertThat(nowhere.stdout()).isEmpty();
        assertThat(nowhere.stderr()).contains("/not/there").doesNotContain("Welcome");
        CommandResult missing = connection.run(Command.of("not-a-program"));
        assertThat(missing.end()).isEqualTo(new CommandEnd.Exited(127));
        assertThat(missing.stderr()).contains("not-a-program").doesNotContain("Welcome");
    }

    /** Input and output alternate, as between a test runner and its helper. */
    private static void assertStreamsAreLive(SshConnection connection) throws Exception {
        String script = "echo ready; while read -r line; do echo \"got $line\"; done; echo over";
        try (RunningCommand command = connection.start(Command.bash(script).withStdin(Input.pipe()));
                BufferedReader lines = new BufferedReader(new InputStreamReader(command.stdout(), UTF_8))) {
            assertThat(lines.readLine()).isEqualTo("ready");
            try (OutputStream to = command.stdin()) {
                for (int i = 0; i < 3; i++) {
                    to.write(("line " + i + "\n").getBytes(UTF_8));
                    to.flush();
                    assertThat(lines.readLine()).isEqualTo("got line " + i);
                }
            }
            assertThat(lines.readLine()).isEqualTo("over");
            assertThat(lines.readLine()).isNull();
            assertThat(command.await()).isEqualTo(new CommandEnd.Exited(0));
        }
    }

    private static void assertNothingIsLeft(SshConnection connection) throws Exception {
        String mark = "31." + System.nanoTime();
        RunningCommand endless = connection.start(Command.bash("setsid sleep " + mark + " & echo up; sleep " + mark));
        assertThat(endless.stdout().read()).isEqualTo('u');
        endless.close();
        assertThat(connection.run(Command.of("pgrep", "-f", "sleep " + mark)).stdout())
                .isEmpty();
    }

    @ParameterizedTest
    @MethodSource("accounts")
    void everyAccountCopiesFiles(String account) throws Exception {
        byte[] content = new byte[300_000];
        new Random(7).nextBytes(content);
        Path tree = Files.createDirectories(directory.resolve("tree/inner"));
        Files.write(tree.resolve("file"), content);
        Files.createSymbolicLink(tree.resolve("link"), Path.of("file"));
        Path log = directory.resolve("log");
        try (SshConnection connection = connect(account)) {
            String there = "/tmp/there-" + System.nanoTime() + "/it's here!";
            connection.upload(directory.resolve("tree"), there);
            connection.upload(tree.resolve("file"), there + "/single");
            connection.download(there, directory.resolve("back"));
            connection.download(there + "/single", directory.resolve("one"));
            connection.run(Command.of("cat", there + "/single").withStdout(Output.file(log)));
        }
        assertThat(directory.resolve("back/inner/file")).hasBinaryContent(content);
        assertThat(directory.resolve("back/inner/link")).isSymbolicLink();
        assertThat(directory.resolve("back/single")).hasBinaryContent(content);
        assertThat(directory.resolve("one")).hasBinaryContent(content);
        assertThat(log).hasBinaryContent(content);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fish", "noisy-bash", "bsd-csh"})
    void everyAccountSupportsSudo(String account) throws Exception {
        try (SshConnection connection = connect(account, options().withSudo("root"))) {
            assertThat(connection.run(Command.of("id", "-un")).stdout()).isEqualTo("root\n");
            assertRunsCommands(connection);
        }
    }

    @Test
    void anAccountWithoutAShellIsReportedAtOnce() {
        SshOptions patient = options().withConnectWithin(Duration.ofHours(1));
        assertThatThrownBy(() -> connect("closed", patient).close())
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining("closed@" + system.address())
                .hasMessageContaining("exit code 1: This account is currently not available.");
    }
}

package org.atex.ssh;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the client configuration for a host by {@code ssh -G}, which prints the effective options and connects to no
 * host. All options of {@code ssh_config(5)} count, as the installed version of OpenSSH understands them.
 */
final class OpenSshConfig {
    /** Options for which {@code ssh -G} prints several file names on one line. */
    private static final Set<String> FILES = Set.of("userknownhostsfile", "globalknownhostsfile");

    /** The output of {@code ssh -G} for the default files of the user: paths in the home directory of passwd(5). */
    private static final Pattern USUAL_KNOWN_HOSTS =
            Pattern.compile("(?m)^userknownhostsfile (.*)(/\\.ssh/known_hosts) \\1(/\\.ssh/known_hosts2)$");

    private OpenSshConfig() {}

    /** {@return the ssh program on the PATH, or null if it is not installed} */
    static @Nullable Path program() {
        String path = System.getenv("PATH");
        for (String directory : (path == null ? "" : path).split(File.pathSeparator, -1)) {
            Path ssh = Path.of(directory.isEmpty() ? "." : directory, "ssh");
            if (Files.isRegularFile(ssh) && Files.isExecutable(ssh)) {
                return ssh;
            }
        }
        return null;
    }

    static ClientConfig ask(Path ssh, SshOptions options, Host host) throws IOException {
        String said = ask(ssh, options, host, options.hasUsualConfig() ? null : options.config());
        Matcher usual = USUAL_KNOWN_HOSTS.matcher(said);
        if (options.hasUsualConfig() && usual.find() && !usual.group(1).equals(ClientConfig.home())) {
            // The property user.home differs from the home directory in passwd(5). ssh does not know it: pass the file.
            Path file = options.config();
            said = ask(ssh, options, host, file != null && Files.exists(file) ? file : Path.of("none"));
        }
        ClientConfig config = new ClientConfig();
        for (String line : USUAL_KNOWN_HOSTS
                .matcher(said)
                .replaceAll("userknownhostsfile ~$2 ~$3")
                .split("\n", -1)) {
            int space = line.indexOf(' ');
            if (space > 0) {
                String word = line.substring(0, space);
                String value = line.substring(space + 1);
                (FILES.contains(word) ? files(value) : List.of(value)).forEach(one -> config.add(word, one));
            }
        }
        return config;
    }

    private static String ask(Path ssh, SshOptions options, Host host, @Nullable Path file) throws IOException {
        List<String> words = new ArrayList<>(List.of(ssh.toString(), "-G"));
        if (file != null) {
            words.addAll(List.of("-F", file.toString()));
        }
        String user = host.user() != null ? host.user() : options.user();
        if (user != null) {
            words.addAll(List.of("-l", user));
        }
        if (host.port() != 0) {
            words.addAll(List.of("-p", Integer.toString(host.port())));
        }
        words.addAll(List.of("--", host.address()));
        return run(words, options, host);
    }

    /** Runs ssh. {@code Match exec} may run other programs: the limit is the time for connecting. */
    private static String run(List<String> words, SshOptions options, Host host) throws IOException {
        Process process = new ProcessBuilder(words).start();
        try {
            process.getOutputStream().close();
            // Both streams are read in threads: ssh would block on a full pipe, and waitFor would expire.
            CompletableFuture<byte[]> errors = read(process.getErrorStream());
            CompletableFuture<byte[]> output = read(process.getInputStream());
            if (!process.waitFor(options.connectWithin().toNanos(), TimeUnit.NANOSECONDS)) {
                throw new IOException("'ssh -G' did not end within "
                        + options.connectWithin().toSeconds() + " s (does a line 'Match exec' wait for something?)");
            }
            if (process.exitValue() != 0) {
                throw new SshRefusedException(
                        "OpenSSH rejects its configuration for " + host + ": "
                                + new String(errors.join(), UTF_8).strip().replaceAll("\r?\n", "; "),
                        null);
            }
            return new String(output.join(), UTF_8);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            // Programs of Match exec would otherwise outlive ssh.
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static CompletableFuture<byte[]> read(InputStream stream) {
        CompletableFuture<byte[]> bytes = new CompletableFuture<>();
        Thread.ofVirtual().name("atex-ssh-config").start(() -> {
            try (stream) {
                bytes.complete(stream.readAllBytes());
            } catch (IOException e) {
                bytes.complete(String.valueOf(e.getMessage()).getBytes(ISO_8859_1));
            }
        });
        return bytes;
    }

    /** {@return the files of an output line; they are separated by spaces and not quoted} */
    private static List<String> files(String line) {
        List<String> files = new ArrayList<>();
        String[] words = line.split(" ", -1);
        for (int i = 0; i < words.length; ) {
            int end = i + 1;
            // A name may contain spaces: the longest sequence of words that names an existing file is one name.
            for (int more = words.length; more > end; more--) {
                if (Files.exists(ClientConfig.expand(joined(words, i, more)))) {
                    end = more;
                }
            }
            files.add(joined(words, i, end));
            i = end;
        }
        return files;
    }

    private static String joined(String[] words, int from, int to) {
        return String.join(" ", List.of(words).subList(from, to));
    }
}

package org.atex.fmf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.atex.fmf.DiscoverSection.Modified;
import org.atex.fmf.DiscoverSection.Named;
import org.atex.fmf.tree.FmfException;
import org.jspecify.annotations.Nullable;

/**
 * Finds tests that have changed since some state of their repository, by {@code git log}. It reads the repository
 * through another one, as that must not be changed by what is fetched.
 */
final class ModifiedTests {
    private static final Duration WITHIN = Duration.ofMinutes(5);
    private static final String REFERENCE = "reference/";

    private ModifiedTests() {}

    /**
     * {@return what asks for the tests that have changed}
     *
     * @param what who asks, to begin a message
     * @param repository the repository
     * @param root the root of the tree, in the repository
     */
    static List<Named> since(Modified state, String what, Path repository, Path root) throws InterruptedException {
        Path directory = null;
        try {
            directory = Files.createTempDirectory("atex-modified");
            return names(
                    log(state, what, repository, directory),
                    repository.toRealPath().relativize(root.toRealPath()));
        } catch (IOException e) {
            throw new FmfException(FmfException.Kind.FETCH, what + " modified-only: " + e.getMessage(), e);
        } finally {
            delete(directory);
        }
    }

    private static void delete(@Nullable Path directory) {
        if (directory != null) {
            try {
                LocalDirectories.delete(directory);
            } catch (IOException e) {
                directory.toFile().deleteOnExit();
            }
        }
    }

    private static List<String> log(Modified state, String what, Path repository, Path directory)
            throws IOException, InterruptedException {
        GitUrl own = GitUrl.of(state.url() == null ? repository.toString() : state.url());
        Git git = Git.init(directory, own, WITHIN);
        Path common = Path.of(local(repository, what, "rev-parse", "--path-format=absolute", "--git-common-dir"));
        Files.createDirectories(directory.resolve("objects/info"));
        Files.writeString(directory.resolve("objects/info/alternates"), common.resolve("objects") + "\n");
        if (Files.exists(common.resolve("shallow"))) {
            Files.copy(common.resolve("shallow"), directory.resolve("shallow"));
        }
        String head = local(repository, what, "rev-parse", "--verify", "HEAD");
        String since = since(state, what, repository);
        if (state.url() != null) {
            git.run("fetch", "fetch", "--quiet", "--no-tags", "origin", "+refs/heads/*:refs/remotes/reference/*");
        }
        Git.Result known = git.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", since + "^{commit}");
        if (!known.succeeded()) {
            throw new FmfException(
                    FmfException.Kind.REFERENCE,
                    what + " modified-ref: there is no '" + state.ref() + "' in " + repository
                            + (state.url() == null ? "" : " nor in " + own)
                            + ": name a branch, tag or commit, with '" + REFERENCE
                            + "' in front for one of modified-url",
                    null);
        }
        String files = git.run(
                "list changes of",
                "log",
                "--format=",
                "--name-only",
                "-z",
                known.out().strip() + ".." + head);
        return Stream.of(files.split("\0")).filter(file -> !file.isBlank()).toList();
    }

    /** {@return the state to compare with, which the repository itself knows, or the other one} */
    private static String since(Modified state, String what, Path repository) throws IOException, InterruptedException {
        String ref = state.ref();
        if (ref == null) {
            ref = local(repository, what, "rev-parse", "--abbrev-ref", "origin/HEAD");
        }
        if (ref.startsWith(REFERENCE) && state.url() != null) {
            return "refs/remotes/" + ref;
        }
        return local(repository, what, "rev-parse", "--verify", "--end-of-options", ref + "^{commit}");
    }

    private static String local(Path repository, String what, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("git", "-C", repository.toString()));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile("atex-git", "");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
            builder.environment().keySet().removeAll(Git.MISLEADING);
            Process process = builder.start();
            process.getOutputStream().close();
            int code = process.waitFor();
            String said = Files.readString(output).strip();
            if (code != 0) {
                throw new FmfException(
                        FmfException.Kind.REFERENCE,
                        what + " modified-only: git " + String.join(" ", arguments) + " in " + repository
                                + " ended with " + code + ": " + said
                                + ". Is it a repository with history? modified-ref says what to compare with",
                        null);
            }
            return said;
        } finally {
            Files.delete(output);
        }
    }

    /** Tests are called after their directories. */
    private static List<Named> names(List<String> files, Path root) {
        TreeSet<String> directories = new TreeSet<>();
        for (String file : files) {
            Path path = Path.of(file);
            if (path.startsWith(root) || root.toString().isEmpty()) {
                Path directory = root.toString().isEmpty()
                        ? path.getParent()
                        : root.relativize(path).getParent();
                if (directory != null) {
                    directories.add(directory.toString());
                }
            }
        }
        List<Named> names = new ArrayList<>();
        for (String directory : directories) {
            // Those below it are found by its name, too.
            if (directories.stream().anyMatch(above -> directory.startsWith(above + "/"))) {
                continue;
            }
            names.add(new Named("^/" + escaped(directory) + "($|/)", Map.of()));
        }
        return names;
    }

    private static String escaped(String text) {
        return text.replaceAll("[^A-Za-z0-9_/-]", "\\\\$0");
    }
}

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
 * Finds tests that have changed since a state of their repository, by {@code git log}. Fetched commits go to a
 * temporary repository that shares the objects of the first one, so that the user's repository is not modified.
 */
final class ModifiedTests {
    private static final Duration TIME_LIMIT = Duration.ofMinutes(5);
    private static final String REFERENCE = "reference/";

    private ModifiedTests() {}

    /**
     * {@return patterns for the names of the changed tests}
     *
     * @param modified the state to compare with
     * @param subject the beginning of a message
     * @param repository the repository of the tree
     * @param root the root of the tree, in the repository
     */
    static List<Named> since(Modified modified, String subject, Path repository, Path root)
            throws InterruptedException {
        Path directory = null;
        try {
            directory = Files.createTempDirectory("atex-modified");
            return namePatterns(
                    log(modified, subject, repository, directory),
                    repository.toRealPath().relativize(root.toRealPath()));
        } catch (IOException e) {
            throw new FmfException(FmfException.Kind.FETCH, subject + " modified-only: " + e.getMessage(), e);
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

    private static List<String> log(Modified modified, String subject, Path repository, Path directory)
            throws IOException, InterruptedException {
        GitUrl referenceUrl = GitUrl.of(modified.url() == null ? repository.toString() : modified.url());
        Git git = Git.init(directory, referenceUrl, TIME_LIMIT);
        Path gitDirectory = Path.of(
                runInRepository(repository, subject, "rev-parse", "--path-format=absolute", "--git-common-dir"));
        Files.createDirectories(directory.resolve("objects/info"));
        // Objects are read from the user's repository; new ones are written to the temporary one.
        Files.writeString(directory.resolve("objects/info/alternates"), gitDirectory.resolve("objects") + "\n");
        // Without the list of cut-off commits, git would fail at the end of a shallow history.
        if (Files.exists(gitDirectory.resolve("shallow"))) {
            Files.copy(gitDirectory.resolve("shallow"), directory.resolve("shallow"));
        }
        String head = runInRepository(repository, subject, "rev-parse", "--verify", "HEAD");
        String sinceRef = sinceRef(modified, subject, repository);
        if (modified.url() != null) {
            git.run("fetch", "fetch", "--quiet", "--no-tags", "origin", "+refs/heads/*:refs/remotes/reference/*");
        }
        Git.Result sinceCommit =
                git.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", sinceRef + "^{commit}");
        if (!sinceCommit.succeeded()) {
            throw new FmfException(
                    FmfException.Kind.REFERENCE,
                    subject + " modified-ref: there is no '" + modified.ref() + "' in " + repository
                            + (modified.url() == null ? "" : " nor in " + referenceUrl)
                            + ": name a branch, tag or commit, with '" + REFERENCE
                            + "' in front for a branch of modified-url",
                    null);
        }
        String files = git.run(
                "list changes of",
                "log",
                "--format=",
                "--name-only",
                "-z",
                sinceCommit.out().strip() + ".." + head);
        return Stream.of(files.split("\0")).filter(file -> !file.isBlank()).toList();
    }

    /** {@return the commit to compare with, or a ref of the other repository} */
    private static String sinceRef(Modified modified, String subject, Path repository)
            throws IOException, InterruptedException {
        String ref = modified.ref();
        if (ref == null) {
            ref = runInRepository(repository, subject, "rev-parse", "--abbrev-ref", "origin/HEAD");
        }
        if (ref.startsWith(REFERENCE) && modified.url() != null) {
            return "refs/remotes/" + ref;
        }
        return runInRepository(repository, subject, "rev-parse", "--verify", "--end-of-options", ref + "^{commit}");
    }

    private static String runInRepository(Path repository, String subject, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("git", "-C", repository.toString()));
        command.addAll(List.of(arguments));
        Path outputFile = Files.createTempFile("atex-git", "");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(outputFile.toFile());
            builder.environment().keySet().removeAll(Git.IGNORED_VARIABLES);
            Process process = builder.start();
            process.getOutputStream().close();
            int code = process.waitFor();
            String output = Files.readString(outputFile).strip();
            if (code != 0) {
                throw new FmfException(
                        FmfException.Kind.REFERENCE,
                        subject + " modified-only: git " + String.join(" ", arguments) + " in " + repository
                                + " failed with exit code " + code + ": " + output
                                + ". Check that it is a repository with history, and that modified-ref is right",
                        null);
            }
            return output;
        } finally {
            Files.delete(outputFile);
        }
    }

    /** Tests are named after their directories. */
    private static List<Named> namePatterns(List<String> files, Path root) {
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
        List<Named> namePatterns = new ArrayList<>();
        for (String directory : directories) {
            // The pattern of a directory matches tests in its subdirectories, too.
            if (directories.stream().anyMatch(above -> directory.startsWith(above + "/"))) {
                continue;
            }
            namePatterns.add(new Named("^/" + escaped(directory) + "($|/)", Map.of()));
        }
        return namePatterns;
    }

    private static String escaped(String text) {
        return text.replaceAll("[^A-Za-z0-9_/-]", "\\\\$0");
    }
}

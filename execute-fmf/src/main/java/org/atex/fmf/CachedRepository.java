package org.atex.fmf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The cached states of one repository. Its directory contains
 *
 * <ul>
 *   <li>{@code trees/COMMIT}: the files of a commit, complete and never changed;
 *   <li>{@code refs/REF}: the commit that a ref led to when it was last looked up;
 *   <li>{@code lock}, and while a process holds it, {@code aside-…} directories with a fetch in progress.
 * </ul>
 *
 * <p>Thread-safe, also between processes.
 */
final class CachedRepository {
    // Time for the holder of the lock to move its files and delete the temporary directory after its own fetch.
    private static final Duration LOCK_MARGIN = Duration.ofMinutes(1);
    private static final String IN_PROGRESS = "aside-";
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");
    /**
     * The names that are looked up as a branch or tag. Stricter than {@code git check-ref-format}: excludes leading
     * dashes and everything that is an operator of {@code git rev-parse}, such as {@code v1~2}.
     */
    private static final Pattern REF_NAME = Pattern.compile("[^-\\s~^:?*\\[\\\\@+{][^\\s~^:?*\\[\\\\{]*");

    private final Path directory;
    private final GitUrl url;

    CachedRepository(Path cache, GitUrl url) {
        String address = url.toString();
        // The readable part is for people, and short, as file names are limited. The digest keeps addresses apart.
        String readable = address.replaceAll("[^A-Za-z0-9._-]+", "_");
        this.directory = cache.resolve("atex-" + readable.substring(Math.max(0, readable.length() - 100)) + "-"
                + digest(url.address()).substring(0, 12));
        this.url = url;
    }

    /**
     * {@return a directory with the files of a commit, fetched unless it is cached}
     *
     * @param ref a branch, tag or commit; null for the default branch
     * @param maxAge how long the commit of a branch or tag may be taken from the cache
     * @param timeLimit the time limit of a fetch
     */
    Path checkout(@Nullable String ref, Duration maxAge, Duration timeLimit) throws InterruptedException, IOException {
        Path available = cached(ref, maxAge);
        if (available != null) {
            return available;
        }
        Files.createDirectories(directory.resolve("trees"));
        Files.createDirectories(directory.resolve("refs"));
        try (CacheLock lock = CacheLock.of(directory.resolve("lock"), timeLimit.plus(LOCK_MARGIN))) {
            // Uses the variable, which the compiler would report as unused.
            Objects.requireNonNull(lock);
            // Another thread or process may have fetched it while this one waited for the lock.
            Path cached = cached(ref, maxAge);
            return cached == null ? fetch(ref, timeLimit) : cached;
        }
    }

    private @Nullable Path cached(@Nullable String ref, Duration maxAge) throws IOException {
        String commit;
        if (ref != null && COMMIT.matcher(ref).matches()) {
            // A commit needs no lookup: its files never change.
            commit = ref;
        } else {
            Path file = refFile(ref);
            try {
                Instant lookedUp = Files.getLastModifiedTime(file).toInstant();
                commit = Files.readString(file);
                if (!lookedUp.plus(maxAge).isAfter(Instant.now())) {
                    return null;
                }
            } catch (NoSuchFileException e) {
                return null;
            }
        }
        Path tree = tree(commit);
        return Files.isDirectory(tree) ? tree : null;
    }

    private Path refFile(@Nullable String ref) {
        // A ref may have slashes and any length.
        return directory.resolve("refs").resolve(ref == null ? "HEAD" : digest(ref));
    }

    private Path tree(String commit) {
        return directory.resolve("trees").resolve(commit);
    }

    private Path fetch(@Nullable String ref, Duration timeLimit) throws InterruptedException, IOException {
        deleteLeftovers();
        Path temporary = Files.createTempDirectory(directory, IN_PROGRESS);
        try {
            Path repository = Files.createDirectory(temporary.resolve("git"));
            Git git = Git.init(repository, url, timeLimit);
            String commit = resolve(git, ref);
            Path tree = tree(commit);
            if (!Files.isDirectory(tree)) {
                Path files = Files.createDirectory(temporary.resolve("tree"));
                git.run("check out", "--work-tree=" + files, "checkout", "--quiet", "--force", "--detach", commit);
                // A rename makes the tree appear complete, so that readers need no lock.
                Files.move(files, tree, StandardCopyOption.ATOMIC_MOVE);
            }
            Path refContent = Files.writeString(temporary.resolve("ref"), commit);
            Files.move(refContent, refFile(ref), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return tree;
        } finally {
            LocalDirectories.delete(temporary);
        }
    }

    /** {@return the commit that a ref leads to} Its files are fetched into the repository unless the cache has them. */
    private String resolve(Git git, @Nullable String ref) throws InterruptedException, IOException {
        if (ref == null) {
            return fetchRef(git, "HEAD", remoteRefs(git, "HEAD").get("HEAD"), "the default branch");
        }
        if (REF_NAME.matcher(ref).matches()) {
            String branch = "refs/heads/" + ref;
            String tag = "refs/tags/" + ref;
            Map<String, String> refs = remoteRefs(git, branch, tag, tag + "^{}");
            if (refs.containsKey(branch)) {
                return fetchRef(git, branch, refs.get(branch), ref);
            }
            if (refs.containsKey(tag)) {
                return fetchRef(git, tag, refs.getOrDefault(tag + "^{}", refs.get(tag)), ref);
            }
        }
        if (COMMIT.matcher(ref).matches()
                && git.attempt("fetch", "--quiet", "--depth=1", "--no-tags", "origin", ref)
                        .succeeded()) {
            return ref;
        }
        return resolveInHistory(git, ref);
    }

    private static Map<String, String> remoteRefs(Git git, String... names) throws InterruptedException, IOException {
        String[] command = new String[names.length + 2];
        command[0] = "ls-remote";
        command[1] = "origin";
        System.arraycopy(names, 0, command, 2, names.length);
        Map<String, String> refs = new HashMap<>();
        for (String line : git.run("reach", command).lines().toList()) {
            int tab = line.indexOf('\t');
            if (tab > 0) {
                refs.put(line.substring(tab + 1), line.substring(0, tab));
            }
        }
        return refs;
    }

    private String fetchRef(Git git, String name, @Nullable String commit, String description)
            throws InterruptedException, IOException {
        if (commit == null) {
            throw git.failure("fetch " + description + " of", "it leads to no commit; the repository may be empty");
        }
        if (Files.isDirectory(tree(commit))) {
            return commit;
        }
        String refspec = "+" + name + ":refs/atex/fetched";
        if (!git.attempt("fetch", "--quiet", "--depth=1", "--no-tags", "origin", refspec)
                .succeeded()) {
            // The dumb HTTP protocol cannot send a shallow history.
            git.run("fetch " + description + " of", "fetch", "--quiet", "--no-tags", "origin", refspec);
        }
        // The branch may have moved since ls-remote.
        return git.run("find " + description + " of", "rev-parse", "--verify", "refs/atex/fetched^{commit}")
                .strip();
    }

    /** Resolves an abbreviated commit, or an expression such as {@code v1.0~2}. This needs the whole history. */
    private String resolveInHistory(Git git, String ref) throws InterruptedException, IOException {
        git.run(
                "fetch",
                "fetch",
                "--quiet",
                "--tags",
                "origin",
                "+refs/heads/*:refs/heads/*",
                "+refs/heads/*:refs/remotes/origin/*");
        Git.Result found = git.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", ref + "^{commit}");
        if (!found.succeeded()) {
            throw git.failure("find '" + ref + "' in", "it is not a branch, tag or commit there");
        }
        // Newer versions of git print --end-of-options as a first line.
        return found.out().lines().reduce((first, second) -> second).orElse("").strip();
    }

    /** Deletes temporary directories of killed processes. The caller holds the lock, so none of them is in use. */
    private void deleteLeftovers() throws IOException {
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(directory, IN_PROGRESS + "*")) {
            for (Path leftover : leftovers) {
                LocalDirectories.delete(leftover);
            }
        }
    }

    private static String digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}

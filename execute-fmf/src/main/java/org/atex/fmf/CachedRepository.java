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
 * What a cache has of one repository: {@code trees/COMMIT}, each complete and never changed, {@code refs/REF}, each
 * with the commit it led to when it was last looked up, and, while somebody holds {@code lock}, what is being fetched.
 */
final class CachedRepository {
    private static final Duration FOR_OTHERS = Duration.ofMinutes(1);
    private static final String ASIDE = "aside-";
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");
    /** What a branch or tag may be called, more or less: nothing that means more than a name to git. */
    private static final Pattern NAME = Pattern.compile("[^-\\s~^:?*\\[\\\\@+{][^\\s~^:?*\\[\\\\{]*");

    private final Path directory;
    private final GitUrl url;

    CachedRepository(Path cache, GitUrl url) {
        String address = url.toString();
        String readable = address.replaceAll("[^A-Za-z0-9._-]+", "_");
        this.directory = cache.resolve("atex-" + readable.substring(Math.max(0, readable.length() - 100)) + "-"
                + digest(url.address()).substring(0, 12));
        this.url = url;
    }

    Path checkout(@Nullable String ref, Duration maxAge, Duration within) throws InterruptedException, IOException {
        Path known = known(ref, maxAge);
        if (known != null) {
            return known;
        }
        Files.createDirectories(directory.resolve("trees"));
        Files.createDirectories(directory.resolve("refs"));
        try (CacheLock lock = CacheLock.of(directory.resolve("lock"), within.plus(FOR_OTHERS))) {
            Objects.requireNonNull(lock);
            Path meanwhile = known(ref, maxAge);
            return meanwhile == null ? fetch(ref, within) : meanwhile;
        }
    }

    private @Nullable Path known(@Nullable String ref, Duration maxAge) throws IOException {
        String commit;
        if (ref != null && COMMIT.matcher(ref).matches()) {
            commit = ref;
        } else {
            Path file = refFile(ref);
            try {
                Instant asked = Files.getLastModifiedTime(file).toInstant();
                commit = Files.readString(file);
                if (!asked.plus(maxAge).isAfter(Instant.now())) {
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
        return directory.resolve("refs").resolve(ref == null ? "HEAD" : digest(ref));
    }

    private Path tree(String commit) {
        return directory.resolve("trees").resolve(commit);
    }

    private Path fetch(@Nullable String ref, Duration within) throws InterruptedException, IOException {
        removeLeftovers();
        Path aside = Files.createTempDirectory(directory, ASIDE);
        try {
            Path repository = Files.createDirectory(aside.resolve("git"));
            Git git = Git.init(repository, url, within);
            String commit = find(git, ref);
            Path tree = tree(commit);
            if (!Files.isDirectory(tree)) {
                Path files = Files.createDirectory(aside.resolve("tree"));
                git.run("check out", "--work-tree=" + files, "checkout", "--quiet", "--force", "--detach", commit);
                Files.move(files, tree, StandardCopyOption.ATOMIC_MOVE);
            }
            Path noted = Files.writeString(aside.resolve("ref"), commit);
            Files.move(noted, refFile(ref), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return tree;
        } finally {
            LocalDirectories.delete(aside);
        }
    }

    /** {@return the commit that a ref means; its files are in the repository, unless the cache has them} */
    private String find(Git git, @Nullable String ref) throws InterruptedException, IOException {
        if (ref == null) {
            return fetched(git, "HEAD", remoteRefs(git, "HEAD").get("HEAD"), "its default branch");
        }
        if (NAME.matcher(ref).matches()) {
            String branch = "refs/heads/" + ref;
            String tag = "refs/tags/" + ref;
            Map<String, String> refs = remoteRefs(git, branch, tag, tag + "^{}");
            if (refs.containsKey(branch)) {
                return fetched(git, branch, refs.get(branch), ref);
            }
            if (refs.containsKey(tag)) {
                return fetched(git, tag, refs.getOrDefault(tag + "^{}", refs.get(tag)), ref);
            }
        }
        if (COMMIT.matcher(ref).matches()
                && git.attempt("fetch", "--quiet", "--depth=1", "--no-tags", "origin", ref)
                        .succeeded()) {
            return ref;
        }
        return searched(git, ref);
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

    private String fetched(Git git, String name, @Nullable String commit, String shown)
            throws InterruptedException, IOException {
        if (commit == null) {
            throw git.failure("fetch " + shown + " of", "there is nothing in it");
        }
        if (Files.isDirectory(tree(commit))) {
            return commit;
        }
        String refspec = "+" + name + ":refs/atex/fetched";
        if (!git.attempt("fetch", "--quiet", "--depth=1", "--no-tags", "origin", refspec)
                .succeeded()) {
            // Not every server can send the last commit alone.
            git.run("fetch " + shown + " of", "fetch", "--quiet", "--no-tags", "origin", refspec);
        }
        // It may have moved since.
        return git.run("find " + shown + " of", "rev-parse", "--verify", "refs/atex/fetched^{commit}")
                .strip();
    }

    /** An abbreviated commit, or something like {@code v1.0~2}: all of the history is needed to tell. */
    private String searched(Git git, String ref) throws InterruptedException, IOException {
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
            throw git.failure("find '" + ref + "' in", "it is neither a branch nor a tag nor a commit there");
        }
        // Newer gits repeat the end of the options.
        return found.out().lines().reduce((first, second) -> second).orElse("").strip();
    }

    /** Of those who were killed: whoever holds the lock is alone. */
    private void removeLeftovers() throws IOException {
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(directory, ASIDE + "*")) {
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

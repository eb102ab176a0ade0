package org.atex.fmf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;

/**
 * A cache of fmf trees in git repositories. The {@code git} command fetches them into a directory that any number of
 * processes may share. Each commit of a repository has its own subdirectory, which appears when it is complete and is
 * never changed.
 *
 * <p>Fetching never prompts for a password: it fails if git needs one that it does not know. Passwords in URLs are
 * used, but neither logged nor stored.
 *
 * <p>Immutable and thread-safe; each {@code with…} method returns a changed copy.
 */
public final class FmfCache {
    private static final Duration MAX_AGE = Duration.ofMinutes(20);
    private static final Duration FETCH_WITHIN = Duration.ofMinutes(5);

    private final Path directory;
    private final Duration maxAge;
    private final Duration fetchWithin;

    private FmfCache(Path directory, Duration maxAge, Duration fetchWithin) {
        this.directory = directory;
        this.maxAge = maxAge;
        this.fetchWithin = fetchWithin;
    }

    /**
     * {@return the cache of this user} Its directory is that of the environment variable {@code FMF_CACHE_DIRECTORY},
     * or else {@code fmf} in {@code XDG_CACHE_HOME}, or else {@code ~/.cache/fmf}.
     */
    public static FmfCache standard() {
        return at(standardDirectory(System.getenv(), System.getProperty("user.home")));
    }

    static Path standardDirectory(Map<String, String> environment, String home) {
        String own = environment.getOrDefault("FMF_CACHE_DIRECTORY", "");
        if (!own.isEmpty()) {
            return Path.of(own.startsWith("~/") ? home + own.substring(1) : own);
        }
        String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
        return caches.isEmpty() ? Path.of(home, ".cache/fmf") : Path.of(caches, "fmf");
    }

    /**
     * {@return a cache in a directory}
     *
     * @param directory the directory; created when something is fetched
     */
    public static FmfCache at(Path directory) {
        return new FmfCache(directory.toAbsolutePath().normalize(), MAX_AGE, FETCH_WITHIN);
    }

    /**
     * Sets how long the commit of a branch or tag is taken from the cache. Older ones are looked up again.
     *
     * @param value the time, 20 minutes by default; zero to look up each time
     * @return a changed copy
     */
    public FmfCache withMaxAge(Duration value) {
        return new FmfCache(directory, value, fetchWithin);
    }

    /**
     * Sets the time limit for fetching one commit of one repository.
     *
     * @param value the limit, 5 minutes by default
     * @return a changed copy
     */
    public FmfCache withFetchWithin(Duration value) {
        return new FmfCache(directory, maxAge, value);
    }

    /**
     * Returns a node. Blocks while its tree is fetched and read.
     *
     * @param id the location of the node
     * @return the node, in a tree that is not adjusted
     * @throws FmfException if the tree cannot be fetched or read, or has no such node
     * @throws InterruptedException if interrupted; git is killed and the incomplete files are deleted
     */
    public FmfNode node(FmfId id) throws InterruptedException {
        return find(tree(id), id);
    }

    static FmfNode find(FmfTree tree, FmfId id) {
        return tree.find(id.name())
                .orElseThrow(() -> new FmfException(
                        FmfException.Kind.REFERENCE, "There is no node " + id + ": check its name", null));
    }

    /**
     * Loads a tree. Blocks while it is fetched and read.
     *
     * @param id the location of the tree; the name of the node is ignored
     * @return the tree, not adjusted
     * @throws FmfException if it cannot be fetched or read
     * @throws InterruptedException if interrupted; git is killed and the incomplete files are deleted
     */
    public FmfTree tree(FmfId id) throws InterruptedException {
        String url = id.url();
        if (url == null) {
            if (!id.path().equals(".") && !id.path().startsWith("/")) {
                throw new FmfException(
                        FmfException.Kind.REFERENCE,
                        "The path of a tree without a url must be absolute, or '.', but is '" + id.path() + "'",
                        null);
            }
            return FmfTree.load(Path.of(id.path()));
        }
        Path checkout = checkout(url, id.ref());
        Path path = checkout.resolve(id.path().replaceFirst("^/+", "")).normalize();
        // The path may come from metadata. Neither '..' nor a symbolic link may lead to other files of this machine.
        if (!path.startsWith(checkout) || !Files.isDirectory(path) || leavesBySymlink(path, checkout)) {
            throw new FmfException(
                    FmfException.Kind.FILE,
                    "There is no directory '" + id.path() + "' in the repository " + GitUrl.of(url)
                            + (id.ref() == null ? "" : " at " + id.ref()),
                    null);
        }
        FmfTree tree = FmfTree.load(path);
        if (!tree.directory().orElse(path).startsWith(checkout)) {
            throw new FmfException(
                    FmfException.Kind.ROOT,
                    "There is no fmf tree in " + id.path() + " of the repository " + GitUrl.of(url)
                            + ": it needs a directory .fmf",
                    null);
        }
        return tree;
    }

    private static boolean leavesBySymlink(Path path, Path checkout) {
        try {
            return !path.toRealPath().startsWith(checkout.toRealPath());
        } catch (IOException e) {
            throw new FmfException(FmfException.Kind.FILE, "Could not read " + path + ": " + e.getMessage(), e);
        }
    }

    /**
     * Fetches a repository unless it is cached. Blocks while it is fetched.
     *
     * @param url the URL or path for git
     * @param ref a branch, tag or commit; null for the default branch
     * @return a directory with the files, which must not be changed
     * @throws FmfException if the repository cannot be fetched
     * @throws InterruptedException if interrupted; git is killed and the incomplete files are deleted
     */
    public Path checkout(String url, @Nullable String ref) throws InterruptedException {
        GitUrl address = GitUrl.of(url);
        try {
            return new CachedRepository(directory, address).checkout(ref, maxAge, fetchWithin);
        } catch (IOException e) {
            throw new FmfException(
                    FmfException.Kind.GENERAL,
                    "Could not cache " + address + " in " + directory + ": " + e
                            + ". Let FMF_CACHE_DIRECTORY name a directory that can be written",
                    e);
        }
    }
}

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
 * Trees of other repositories, fetched by the {@code git} command and kept in a directory that any number of processes may
 * share. What has been fetched is never changed: each state of a repository has a directory of its own, which appears
 * there when it is complete.
 *
 * <p>Nobody is asked for a password: what needs one that git does not know fails. Passwords in URLs are used, and neither
 * logged nor kept. Immutable; each {@code with} method returns a changed copy.
 */
public final class FmfCache {
    private static final Duration MAX_AGE = Duration.ofMinutes(20);
    private static final Duration WITHIN = Duration.ofMinutes(5);

    private final Path directory;
    private final Duration maxAge;
    private final Duration within;

    private FmfCache(Path directory, Duration maxAge, Duration within) {
        this.directory = directory;
        this.maxAge = maxAge;
        this.within = within;
    }

    /**
     * {@return the cache of this user: in the directory that {@code FMF_CACHE_DIRECTORY} names, else in {@code fmf} below
     * {@code XDG_CACHE_HOME}, else in {@code ~/.cache/fmf}}
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
     * @param directory the directory; made when something is fetched
     */
    public static FmfCache at(Path directory) {
        return new FmfCache(directory.toAbsolutePath().normalize(), MAX_AGE, WITHIN);
    }

    /**
     * {@return a cache that asks again where a branch or tag is}
     *
     * @param value for how long an answer is good, 20 minutes by default; zero always asks
     */
    public FmfCache withMaxAge(Duration value) {
        return new FmfCache(directory, value, within);
    }

    /**
     * {@return a cache with another limit for fetching}
     *
     * @param value how long fetching one state of one repository may take, 5 minutes by default
     */
    public FmfCache withFetchWithin(Duration value) {
        return new FmfCache(directory, maxAge, value);
    }

    /**
     * Looks up a node. Blocks for as long as fetching and reading its tree takes.
     *
     * @param id where it is
     * @return the node, of a tree that is not adjusted
     * @throws FmfException if it cannot be fetched, read, or there is no such node
     * @throws InterruptedException if interrupted; git is ended then, and nothing half fetched is left
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
     * Loads a tree. Blocks for as long as fetching and reading it takes.
     *
     * @param id where it is; its name does not matter
     * @return the tree, not adjusted
     * @throws FmfException if it cannot be fetched or read
     * @throws InterruptedException if interrupted; git is ended then, and nothing half fetched is left
     */
    public FmfTree tree(FmfId id) throws InterruptedException {
        String url = id.url();
        if (url == null) {
            if (!id.path().equals(".") && !id.path().startsWith("/")) {
                throw new FmfException(
                        FmfException.Kind.REFERENCE,
                        "The path of a tree without url has to be absolute, or '.', but is '" + id.path() + "'",
                        null);
            }
            return FmfTree.load(Path.of(id.path()));
        }
        Path checkout = checkout(url, id.ref());
        Path path = checkout.resolve(id.path().replaceFirst("^/+", "")).normalize();
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
     * Fetches a repository, unless that has been done.
     *
     * @param url what git fetches it by
     * @param ref a branch, tag or commit; null for the default branch
     * @return a directory with its files, to be read only
     * @throws FmfException if it cannot be fetched
     * @throws InterruptedException if interrupted; git is ended then, and nothing half fetched is left
     */
    public Path checkout(String url, @Nullable String ref) throws InterruptedException {
        GitUrl address = GitUrl.of(url);
        try {
            return new CachedRepository(directory, address).checkout(ref, maxAge, within);
        } catch (IOException e) {
            throw new FmfException(
                    FmfException.Kind.GENERAL,
                    "Could not keep " + address + " in " + directory + ": " + e
                            + ". Let FMF_CACHE_DIRECTORY name a directory that can be written",
                    e);
        }
    }
}

package org.atex.fmf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.atex.fmf.tree.FmfException;

/**
 * What metadata may ask of this machine. A tree may come with a pull request: whatever it says, git is run for https and ssh
 * only, and no file outside the tree is read, unless the user's program trusts it. Immutable.
 *
 * @param complete whether it may do as it likes
 */
record Trust(boolean complete) {
    private static final Pattern REMOTE = Pattern.compile("(?i)(?:https|ssh|git\\+ssh|ssh\\+git)://[^-/].*");
    /** As in {@code git@github.com:owner/name}. */
    private static final Pattern SCP = Pattern.compile("(?:[^-@:/\\s][^@:/\\s]*@)?[A-Za-z0-9\\[][^:/\\s]*:(?!:)[^-].*");

    private static final String ALLOW = "; FmfDiscovery.withTrustedMetadata() allows it";

    /** Checks an address that git is to fetch from. */
    void requireUrl(String what, String url) {
        if (!complete && !REMOTE.matcher(url).matches() && !(SCP.matcher(url).matches() && !url.contains("://"))) {
            throw refused(what + " names the repository " + GitUrl.redact(url)
                    + ": metadata may only name repositories by https or ssh");
        }
    }

    /** Checks a state of a repository: what looks like an option could be one. */
    static void requireRef(String what, String ref) {
        if (ref.startsWith("-")) {
            throw new FmfException(
                    FmfException.Kind.REFERENCE,
                    what + " names the ref '" + ref + "': that is no branch, tag or commit",
                    null);
        }
    }

    /**
     * {@return a file or directory of a tree}
     *
     * @param what who names it, to begin a message
     * @param root the root of the tree
     * @param path the path in metadata; one that begins with {@code /} begins at the root if there is such a file
     */
    Path inside(String what, Path root, String path) {
        Path found = root.resolve(path.replaceFirst("^/+", "")).normalize();
        if (complete && !(found.startsWith(root) && Files.exists(found))) {
            return root.resolve(path).normalize();
        }
        try {
            if (found.startsWith(root)
                    && (!Files.exists(found) || found.toRealPath().startsWith(root.toRealPath()))) {
                return found;
            }
        } catch (IOException e) {
            throw new FmfException(FmfException.Kind.FILE, what + ": cannot read " + found + ": " + e.getMessage(), e);
        }
        throw refused(what + " leads to " + path + ", out of the tree " + root);
    }

    /** Refuses a directory of this machine. */
    void requireLocal(String what, String path) {
        if (!complete) {
            throw refused(what + " names the directory " + path + " of this machine");
        }
    }

    private static FmfException refused(String what) {
        return new FmfException(FmfException.Kind.REFERENCE, what + ALLOW, null);
    }
}

package org.atex.fmf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.atex.fmf.tree.FmfException;

/**
 * The permissions of metadata on this machine. Metadata may come from a pull request. Unless the program trusts them,
 * git fetches by https and ssh only, and no file outside the tree is read. Immutable.
 *
 * @param complete whether metadata may name local directories and all protocols of git
 */
record Trust(boolean complete) {
    /** The long form of https and ssh addresses. */
    private static final Pattern REMOTE = Pattern.compile("(?i)(?:https|ssh|git\\+ssh|ssh\\+git)://[^-/].*");
    /**
     * The short form of ssh addresses: {@code git@github.com:owner/name}. Its host has no leading dash, which ssh would
     * take for an option; {@code ext::COMMAND} does not match.
     */
    private static final Pattern SCP = Pattern.compile("(?:[^-@:/\\s][^@:/\\s]*@)?[A-Za-z0-9\\[][^:/\\s]*:(?!:)[^-].*");

    private static final String HINT = "; FmfDiscovery.withTrustedMetadata() allows it";

    /**
     * Checks a URL that git is to fetch from.
     *
     * @param subject the beginning of the message: the plan or test that has the URL
     * @param url the URL
     * @throws FmfException if metadata may not use it
     */
    void requireUrl(String subject, String url) {
        if (!complete && !REMOTE.matcher(url).matches() && !(SCP.matcher(url).matches() && !url.contains("://"))) {
            throw untrusted(subject + " names the repository " + GitUrl.redact(url)
                    + ": metadata may only name repositories by https or ssh");
        }
    }

    /** Checks a ref. A leading dash is refused even from trusted metadata: git would take the ref for an option. */
    static void requireRef(String subject, String ref) {
        if (ref.startsWith("-")) {
            throw new FmfException(
                    FmfException.Kind.REFERENCE,
                    subject + " names the ref '" + ref + "', which is no branch, tag or commit",
                    null);
        }
    }

    /**
     * {@return a file or directory of a tree}
     *
     * @param subject the beginning of the message: the plan or test that has the path
     * @param root the root of the tree
     * @param path the path as written; a leading {@code /} stands for the root of the tree. If there is no such file,
     *     trusted metadata may name a file outside the tree, by an absolute path or one relative to the root
     * @throws FmfException if the path leads out of the tree, also by a symbolic link
     */
    Path inside(String subject, Path root, String path) {
        Path found = root.resolve(path.replaceFirst("^/+", "")).normalize();
        // An existing file of the tree takes precedence over an absolute path of this machine.
        if (complete && !(found.startsWith(root) && Files.exists(found))) {
            return root.resolve(path).normalize();
        }
        try {
            if (found.startsWith(root)
                    && (!Files.exists(found) || found.toRealPath().startsWith(root.toRealPath()))) {
                return found;
            }
        } catch (IOException e) {
            throw new FmfException(
                    FmfException.Kind.FILE, subject + ": cannot read " + found + ": " + e.getMessage(), e);
        }
        throw untrusted(subject + " leads to " + path + ", out of the tree " + root);
    }

    /**
     * Checks a directory of this machine.
     *
     * @throws FmfException unless metadata are trusted
     */
    void requireLocal(String subject, String path) {
        if (!complete) {
            throw untrusted(subject + " names the directory " + path + " of this machine");
        }
    }

    private static FmfException untrusted(String subject) {
        return new FmfException(FmfException.Kind.REFERENCE, subject + HINT, null);
    }
}

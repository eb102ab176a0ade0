package org.atex.ssh;

import org.atex.api.TransferException;

/** Takes apart paths of a system, which are text with slashes, whatever the paths of this machine are. */
final class RemotePath {
    private RemotePath() {}

    /**
     * {@return a path that no program of the system takes for an option or looks up elsewhere}
     *
     * @param path the path that the caller gave
     * @param what what was to be copied where, for the error
     * @throws TransferException if it begins with a tilde, which means a home to shells only
     */
    static String plain(String path, String what) {
        TransferException.refuseTilde(path, what);
        return path.startsWith("/") ? path : "./" + path;
    }

    /** {@return a path without slashes at its end} */
    static String trimmed(String path) {
        int end = path.length();
        while (end > 1 && path.charAt(end - 1) == '/') {
            end--;
        }
        return path.substring(0, end);
    }

    /** {@return the directory that a path lies in} */
    static String parent(String path) {
        String trimmed = trimmed(path);
        int slash = trimmed.lastIndexOf('/');
        return slash < 0 ? "." : slash == 0 ? "/" : trimmed(trimmed.substring(0, slash));
    }

    /** {@return the last name of a path} */
    static String name(String path) {
        String trimmed = trimmed(path);
        return trimmed.substring(trimmed.lastIndexOf('/') + 1);
    }
}

package org.atex.ssh;

import org.atex.api.TransferException;

/** Splits paths of a remote system. They are text with slashes, independent of the local path syntax. */
final class RemotePath {
    private RemotePath() {}

    /**
     * {@return a path that a program on the system does not take for an option or look up elsewhere}
     *
     * @param path the path given by the caller
     * @param copy source and target of the copy, for the message
     * @throws TransferException if the path begins with a tilde, which only shells expand
     */
    static String plain(String path, String copy) {
        TransferException.refuseTilde(path, copy);
        return path.startsWith("/") ? path : "./" + path;
    }

    /** {@return a path without trailing slashes} */
    static String trimmed(String path) {
        int end = path.length();
        while (end > 1 && path.charAt(end - 1) == '/') {
            end--;
        }
        return path.substring(0, end);
    }

    /** {@return the parent directory of a path} */
    static String parent(String path) {
        String trimmed = trimmed(path);
        int slash = trimmed.lastIndexOf('/');
        return slash < 0 ? "." : slash == 0 ? "/" : trimmed(trimmed.substring(0, slash));
    }

    /** {@return the last name in a path} */
    static String name(String path) {
        String trimmed = trimmed(path);
        return trimmed.substring(trimmed.lastIndexOf('/') + 1);
    }
}

package org.atex.fmf;

import java.util.Map;
import org.atex.fmf.tree.FmfException;
import org.jspecify.annotations.Nullable;

/**
 * The location of a node: its repository, ref, directory and name. Immutable.
 *
 * @param url the URL or path of the repository for git; null for a tree on this machine
 * @param ref a branch, tag or commit; null for the default branch
 * @param path the directory of the tree, relative to the repository; without a repository, an absolute path or
 *     {@code .}
 * @param name the name of the node; {@code /} for the root
 */
public record FmfId(@Nullable String url, @Nullable String ref, String path, String name) {
    /**
     * {@return the root of the tree at the top of a repository, on its default branch}
     *
     * @param url the URL or path of the repository for git
     */
    public static FmfId of(String url) {
        return new FmfId(url, null, ".", "/");
    }

    /**
     * Reads an identifier from metadata.
     *
     * @param data a mapping with any of {@code url}, {@code ref}, {@code path} and {@code name}; other keys are ignored
     * @return the identifier
     * @throws FmfException if one of these is not a text or a number
     */
    public static FmfId of(Map<?, ?> data) {
        String path = text(data, "path");
        String name = text(data, "name");
        return new FmfId(text(data, "url"), text(data, "ref"), path == null ? "." : path, name == null ? "/" : name);
    }

    private static @Nullable String text(Map<?, ?> data, String key) {
        Object value = data.get(key);
        if (value instanceof String || value == null && !data.containsKey(key)) {
            return (String) value;
        }
        if (value instanceof Number) {
            return value.toString(); // YAML reads an unquoted tag such as 1.0 as a number.
        }
        throw new FmfException(
                FmfException.Kind.REFERENCE,
                "The identifier " + GitUrl.redact(data.toString()) + " must have a text for '" + key + "', but has "
                        + value,
                null);
    }

    /**
     * {@return a copy with another ref}
     *
     * @param value a branch, tag or commit
     */
    public FmfId withRef(String value) {
        return new FmfId(url, value, path, name);
    }

    /**
     * {@return a copy with another directory}
     *
     * @param value the directory of the tree
     */
    public FmfId withPath(String value) {
        return new FmfId(url, ref, value, name);
    }

    /**
     * {@return a copy with another name}
     *
     * @param value the name of a node of the same tree, such as {@code /tests/core}
     */
    public FmfId withName(String value) {
        return new FmfId(url, ref, path, value);
    }

    /** {@return the location for messages, without passwords} */
    @Override
    public String toString() {
        return name + " in " + (url == null ? path : GitUrl.redact(url) + (path.equals(".") ? "" : " (" + path + ")"))
                + (ref == null ? "" : " at " + ref);
    }
}

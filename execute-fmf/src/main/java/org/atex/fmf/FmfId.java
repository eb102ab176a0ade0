package org.atex.fmf;

import java.util.Map;
import org.atex.fmf.tree.FmfException;
import org.jspecify.annotations.Nullable;

/**
 * Says where a node of some tree is: in which repository, at which state, in which directory, under which name. Immutable.
 *
 * @param url what git fetches the repository by; null for a tree on this machine
 * @param ref a branch, tag or commit; null for the default branch
 * @param path the directory of the tree: relative to the repository, or absolute (or {@code .}) without one
 * @param name the name of the node, {@code /} for the root
 */
public record FmfId(@Nullable String url, @Nullable String ref, String path, String name) {
    /**
     * {@return the root of the tree at the top of a repository's default branch}
     *
     * @param url what git fetches the repository by
     */
    public static FmfId of(String url) {
        return new FmfId(url, null, ".", "/");
    }

    /**
     * Reads an identifier as metadata hold it.
     *
     * @param data a mapping with any of {@code url}, {@code ref}, {@code path} and {@code name}; more is ignored
     * @return the identifier
     * @throws FmfException if one of them is no text
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
            return value.toString(); // a tag such as 1.0
        }
        throw new FmfException(
                FmfException.Kind.REFERENCE,
                "The identifier " + GitUrl.redact(data.toString()) + " has to have text for '" + key + "', found "
                        + value,
                null);
    }

    /**
     * {@return the same at another state of its repository}
     *
     * @param value a branch, tag or commit
     */
    public FmfId withRef(String value) {
        return new FmfId(url, value, path, name);
    }

    /**
     * {@return the same of a tree in another directory}
     *
     * @param value the directory
     */
    public FmfId withPath(String value) {
        return new FmfId(url, ref, value, name);
    }

    /**
     * {@return another node of the same tree}
     *
     * @param value its name, such as {@code /tests/core}
     */
    public FmfId withName(String value) {
        return new FmfId(url, ref, path, value);
    }

    /** {@return where it is, for messages; without passwords} */
    @Override
    public String toString() {
        return name + " in " + (url == null ? path : GitUrl.redact(url) + (path.equals(".") ? "" : " (" + path + ")"))
                + (ref == null ? "" : " at " + ref);
    }
}

package org.atex.pytest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Looks up files in the directory of a project. Nothing outside the directory is ever returned. Paths that are returned
 * are relative, with slashes. Immutable.
 *
 * @param directory the directory, absolute and without symbolic links
 */
record ProjectFiles(Path directory) {
    private static final String ANY_DIRECTORIES = "**";

    /** A path or a glob is refused; the message continues "the prepare script …". */
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    /**
     * {@return the files in a directory}
     *
     * @throws PytestException if there is no such directory
     */
    static ProjectFiles in(Path directory) {
        try {
            Path real = directory.toRealPath();
            if (!Files.isDirectory(real)) {
                throw new PytestException("could not use " + directory + " as a project: it is not a directory", null);
            }
            return new ProjectFiles(real);
        } catch (IOException e) {
            throw new PytestException(
                    "could not use " + directory + " as a project: " + e + "; give the directory of the project", e);
        }
    }

    /** {@return the executable file with a path} */
    String script(String path) throws RefusedException {
        String script = file(path);
        if (!Files.isExecutable(directory.resolve(script))) {
            throw new RefusedException("'" + path + "' is not executable; run 'chmod +x " + script + "'");
        }
        return script;
    }

    /** {@return the regular file with a path} */
    String file(String path) throws RefusedException {
        String file = String.join("/", parts(path));
        Path found = resolved(file, path);
        if (!Files.isRegularFile(found, LinkOption.NOFOLLOW_LINKS)) {
            throw new RefusedException("'" + path + "' is not a file");
        }
        return file;
    }

    /** {@return the files that match a glob, at least one, sorted} */
    SortedSet<String> matching(String glob) throws RefusedException {
        TreeSet<String> found = new TreeSet<>();
        try {
            match(directory, parts(glob), 0, glob, found);
        } catch (IOException e) {
            throw new RefusedException("'" + glob + "' cannot be looked up: " + e);
        }
        if (found.isEmpty()) {
            throw new RefusedException("'" + glob + "' matches no file in " + directory
                    + "; correct or remove it ('**' stands for any number of directories)");
        }
        return found;
    }

    private static List<String> parts(String path) throws RefusedException {
        if (path.isBlank() || path.indexOf('\0') >= 0) {
            throw new RefusedException(
                    "'" + path.replace("\0", "\\0") + "' is not a path; give one such as tests/*.py");
        }
        if (path.startsWith("/")) {
            throw new RefusedException(
                    "'" + path + "' is absolute; give a path relative to the project file, at or below its directory");
        }
        List<String> parts = new ArrayList<>(List.of(path.split("/+")));
        if (parts.contains("..")) {
            throw new RefusedException("'" + path
                    + "' has the part '..', which may leave the project; move the file to the directory of the project"
                    + " file or below, or the project file up");
        }
        parts.removeIf(part -> part.equals("."));
        if (parts.isEmpty()) {
            throw new RefusedException("'" + path + "' is the project itself; to copy all files, give '**'");
        }
        return parts;
    }

    private void match(Path in, List<String> parts, int from, String glob, TreeSet<String> found)
            throws IOException, RefusedException {
        if (from == parts.size()) {
            add(in, glob, found);
            return;
        }
        String part = parts.get(from);
        if (part.equals(ANY_DIRECTORIES)) {
            // At the end of a glob, it stands for all files: match() adds the directory with everything in it.
            match(in, parts, from + 1, glob, found);
            for (Path entry : from + 1 == parts.size() ? List.<Path>of() : entries(in)) {
                // Links are not followed: they may form a cycle.
                if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS) && !isHidden(entry)) {
                    match(entry, parts, from, glob, found);
                }
            }
            return;
        }
        Pattern pattern = pattern(part, glob);
        for (Path entry : entries(in)) {
            String name = nameOf(entry);
            boolean visible = !name.startsWith(".") || part.startsWith(".");
            if (visible && pattern.matcher(name).matches()) {
                // Only files that match the whole glob are checked for links out of the project.
                if (from + 1 == parts.size() || Files.isDirectory(entry)) {
                    match(entry, parts, from + 1, glob, found);
                }
            }
        }
    }

    /** Adds a file, or all files in a directory except hidden ones. */
    private void add(Path path, String glob, TreeSet<String> found) throws IOException, RefusedException {
        Path real = resolved(relative(path), glob);
        if (Files.isRegularFile(real)) {
            found.add(relative(path));
        } else if (Files.isDirectory(real)) {
            for (Path entry : entries(path)) {
                boolean linkedDirectory = Files.isSymbolicLink(entry) && Files.isDirectory(entry);
                if (!isHidden(entry) && !linkedDirectory) {
                    add(entry, glob, found);
                }
            }
        }
    }

    private static List<Path> entries(Path in) throws IOException {
        if (!Files.isDirectory(in)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(in)) {
            return entries.sorted().toList();
        }
    }

    private static boolean isHidden(Path path) {
        return nameOf(path).startsWith(".");
    }

    private static String nameOf(Path path) {
        return String.valueOf(path.getFileName());
    }

    private String relative(Path path) {
        return directory.relativize(path).toString();
    }

    /** {@return the real path of a file in the directory, which must not be outside of it} */
    private Path resolved(String file, String path) throws RefusedException {
        Path real;
        try {
            real = directory.resolve(file).toRealPath();
        } catch (IOException | InvalidPathException e) {
            throw new RefusedException("'" + path + "' cannot be found in " + directory
                    + (file.equals(path) ? "" : " (" + file + ")") + "; create the file or correct the path");
        }
        if (!real.startsWith(directory)) {
            throw new RefusedException("'" + path + "' leads out of the project by the symbolic link " + file + " to "
                    + real + "; replace the link by the file");
        }
        return real;
    }

    /** {@return the pattern of one part of a glob, with the syntax of Python's fnmatch} */
    private static Pattern pattern(String part, String glob) throws RefusedException {
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < part.length(); i++) {
            char c = part.charAt(i);
            int end = c == '[' ? part.indexOf(']', i + (part.startsWith("[!", i) ? 3 : 2)) : -1;
            if (c == '*') {
                regex.append(".*");
            } else if (c == '?') {
                regex.append('.');
            } else if (end > 0) {
                String set = part.substring(i + 1, end);
                regex.append('[')
                        .append(set.startsWith("!") ? "^" : "")
                        .append((set.startsWith("!") ? set.substring(1) : set).replaceAll("[\\\\\\[\\]^&~|]", "\\\\$0"))
                        .append(']');
                i = end;
            } else {
                regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        try {
            return Pattern.compile(regex.toString(), Pattern.DOTALL);
        } catch (IllegalArgumentException e) {
            throw new RefusedException("'" + glob + "' is not a glob: the set in '" + part + "' is invalid");
        }
    }

    /**
     * Copies files of this directory to another one. Links are replaced by the files that they lead to.
     *
     * @throws IOException if a file cannot be copied
     * @throws RefusedException if a file has disappeared, or leads out of the directory by now
     */
    void copy(List<String> files, Path target) throws IOException, RefusedException {
        for (String file : files) {
            Path copy = target.resolve(file);
            Files.createDirectories(copy.resolveSibling(""));
            Files.copy(resolved(file, file), copy, StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
        }
    }
}

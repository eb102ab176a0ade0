package org.atex.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfTree;

/**
 * Metadata of third-party repositories, which are not part of this project. The property {@code atex.fmf.corpus} names
 * their directory.
 *
 * <p>The times of the Python implementation were measured on another machine with 2 cores.
 */
enum RealTree {
    /**
     * RHSecurityCompliance/contest, 56 files. The reference spends most of its time on debug messages that are not
     * written.
     */
    CONTEST("contest", "real-rhsecuritycompliance-contest", 418.0, 141.4, 20),

    /** RedHat-SP-Security/keylime-tests, 118 files. */
    KEYLIME("keylime", "real-redhat-sp-security-keylime-tests", 202.4, 72.3, 20),

    /** teemtee/tmt, 975 files in 231 trees. */
    TMT("tmt", "real-teemtee-tmt", 1019.3, 0, 10),

    /** testing-farm/artemis, 104 files. */
    ARTEMIS("artemis", "real-testing-farm-artemis", 143.5, 0, 0);

    /** The start time of the reference in ms: the minimum of several measurements. */
    private static final double PYTHON_START = 150;

    private final String text;
    private final String folder;
    private final double reference;
    private final double referenceWithoutDebugging;
    private final int goal;

    RealTree(String text, String folder, double reference, double referenceWithoutDebugging, int goal) {
        this.text = text;
        this.folder = folder;
        this.reference = reference;
        this.referenceWithoutDebugging = referenceWithoutDebugging;
        this.goal = goal;
    }

    String text() {
        return text;
    }

    /** {@return the required speedup over the reference in a warm JVM; 0 if there is no goal} */
    int goal() {
        return goal;
    }

    /** {@return the warm time of the reference, in ms} */
    double reference() {
        return reference;
    }

    /** {@return the warm time of the reference without formatting debug messages, in ms; 0 if not measured} */
    double referenceWithoutDebugging() {
        return referenceWithoutDebugging;
    }

    /** {@return the time of a process of the reference, including its start, in ms} */
    double referenceCold() {
        return reference + PYTHON_START;
    }

    /** {@return the reason why the trees cannot be measured; empty if they can} */
    static String missing() {
        return System.getProperty("atex.fmf.corpus", "").isEmpty()
                ? "ATEX_FMF_CORPUS is not set to a directory with third-party trees"
                : "";
    }

    /** {@return a copy that restores symbolic links, which some copies of a corpus lack} */
    Path copy() throws IOException {
        Path from = Path.of(System.getProperty("atex.fmf.corpus"), folder, "tree");
        Path to = Files.createTempDirectory("atex-" + text + "-");
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path copy = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    copyFile(file, copy);
                }
            }
        }
        return to;
    }

    private static void copyFile(Path file, Path copy) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        String line = new String(bytes, StandardCharsets.UTF_8);
        if (Files.isSymbolicLink(file)) {
            Files.createSymbolicLink(copy, Files.readSymbolicLink(file));
        } else if (line.matches("\\S{1,200}\\.fmf") && Files.isRegularFile(file.resolveSibling(line))) {
            Files.createSymbolicLink(copy, Path.of(line));
        } else {
            Files.write(copy, bytes);
        }
    }

    /** {@return the roots of all trees in a directory} */
    static List<Path> roots(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> Files.isDirectory(file.resolve(".fmf")))
                    .sorted(Comparator.naturalOrder())
                    .toList();
        }
    }

    /** Loads and adjusts trees, and visits their nodes. {@return the number of tests} */
    static int use(List<Path> roots) {
        FmfContext context = FmfContext.empty()
                .with("distro", "fedora-41")
                .with("arch", "x86_64")
                .with("trigger", "commit");
        int nodes = 0;
        for (Path root : roots) {
            nodes += FmfTree.load(root).adjust(context).climb().size();
        }
        return nodes;
    }

    /** Main method of a process that uses the trees in a directory once. */
    static final class Once {
        private Once() {}

        public static void main(String[] arguments) throws IOException {
            System.out.println(use(roots(Path.of(arguments[0]))));
        }
    }
}

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
 * Other people's metadata, which are not part of this project: they are in the folder that {@code atex.fmf.corpus} names.
 *
 * <p>What the Python implementation takes for them was measured on another machine, also one of 2 cores, and is repeated
 * here as it was stated.
 */
enum RealTree {
    /** RHSecurityCompliance/contest, 56 files. Most of the time goes into debug messages that nobody sees. */
    CONTEST("contest", "real-rhsecuritycompliance-contest", 418.0, 141.4, 20),

    /** RedHat-SP-Security/keylime-tests, 118 files. */
    KEYLIME("keylime", "real-redhat-sp-security-keylime-tests", 202.4, 72.3, 20),

    /** teemtee/tmt, 975 files in 231 trees. */
    TMT("tmt", "real-teemtee-tmt", 1019.3, 0, 10),

    /** testing-farm/artemis, 104 files. */
    ARTEMIS("artemis", "real-testing-farm-artemis", 143.5, 0, 0);

    /** What the reference needs to start, the least of what was measured. */
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

    /** {@return how many times faster than the reference it has to be once warm; 0 if nobody has said so} */
    int goal() {
        return goal;
    }

    /** {@return milliseconds of the reference to load, adjust and climb, warm} */
    double reference() {
        return reference;
    }

    /** {@return the same without the formatting of debug messages, 0 if that was not measured} */
    double referenceWithoutDebugging() {
        return referenceWithoutDebugging;
    }

    /** {@return milliseconds of a process of the reference that starts, does that once and ends} */
    double referenceCold() {
        return reference + PYTHON_START;
    }

    /** {@return why it cannot be measured here, or an empty text} */
    static String missing() {
        return System.getProperty("atex.fmf.corpus", "").isEmpty()
                ? "ATEX_FMF_CORPUS names no folder with other people's trees"
                : "";
    }

    /** {@return a copy, with the symbolic links that not every way of copying a corpus keeps} */
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

    /** Loads, adjusts and climbs trees. {@return the number of their tests} */
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

    /** A process that uses the trees in a directory once. */
    static final class Once {
        private Once() {}

        public static void main(String[] arguments) throws IOException {
            System.out.println(use(roots(Path.of(arguments[0]))));
        }
    }
}

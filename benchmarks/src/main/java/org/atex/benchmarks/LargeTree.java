package org.atex.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfTree;

/** An fmf tree of 10,000 tests in 1,111 files, with inheritance, merge operators and adjust rules. */
final class LargeTree {
    private static final int TESTS = 10_000;

    private LargeTree() {}

    /** {@return the root of a new tree} */
    static Path write() throws IOException {
        Path root = Files.createTempDirectory("atex-tree-");
        Files.createDirectory(root.resolve(".fmf"));
        Files.writeString(root.resolve(".fmf/version"), "1\n");
        Files.writeString(root.resolve("main.fmf"), """
                framework: shell
                duration: 5m
                contact: Someone <someone@example.com>
                environment:
                    TOP: one
                tag: [all]
                require: [bash, coreutils]
                adjust:
                  - when: distro < rhel-8
                    environment+:
                        OLD: "1"
                    because: old is slow
                  - when: arch == ppc64le
                    enabled: false
                """);
        for (int a = 0; a < 10; a++) {
            Path area = Files.createDirectory(root.resolve("area" + a));
            Files.writeString(area.resolve("main.fmf"), area(a));
            for (int b = 0; b < 10; b++) {
                Path group = Files.createDirectory(area.resolve("group" + b));
                Files.writeString(group.resolve("main.fmf"), group(b));
                for (int c = 0; c < 10; c++) {
                    Path unit = Files.createDirectory(group.resolve("unit" + c));
                    Files.writeString(unit.resolve("main.fmf"), unit(c));
                    Files.writeString(unit.resolve("test.sh"), "#!/bin/bash\ntrue\n");
                }
            }
        }
        return root;
    }

    private static String area(int number) {
        return """
                tag+: [area%1$d]
                environment+:
                    AREA: "%1$d"
                component: comp%1$d
                adjust+:
                  - when: distro == rhel-9 and arch == x86_64
                    tag+: [adjusted]
                """.formatted(number);
    }

    private static String group(int number) {
        return """
                require+: [pkg%1$d]
                tag+: [group%1$d]
                environment+:
                    GROUP: "%1$d"
                """.formatted(number);
    }

    private static String unit(int number) {
        StringBuilder tests = new StringBuilder("summary: Tests of unit %d%ntier: %d%n".formatted(number, number % 3));
        for (int t = 0; t < 10; t++) {
            tests.append(String.format(Locale.ROOT, """
                    /test%1$d:
                        test: ./test.sh --case %1$d
                        summary+: ", case %1$d"
                        environment+:
                            CASE: "%1$d"
                        adjust+:
                          - when: distro ~= rhel-9.%1$d
                            duration: %2$dm
                            continue: false
                    """, t, t + 1));
        }
        return tests.toString();
    }

    /** Loads and adjusts the tree, and visits its nodes. */
    static void use(Path root) {
        FmfContext context = FmfContext.empty().with("distro", "rhel-9.4").with("arch", "x86_64");
        int tests = FmfTree.load(root).adjust(context).climb().size();
        if (tests != TESTS) {
            throw new IllegalStateException(tests + " tests, not " + TESTS);
        }
    }

    /**
     * Uses the tree once, in a separate process.
     *
     * @param args the root of the tree
     */
    public static void main(String[] args) {
        use(Path.of(args[0]));
    }
}

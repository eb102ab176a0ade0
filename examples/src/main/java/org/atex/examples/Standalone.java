package org.atex.examples;

/**
 * Main class of the standalone jar: runs {@link QuickStart}, but requires its arguments, as the example tree is not in
 * the jar.
 */
final class Standalone {
    private static final int USAGE = 64;

    private Standalone() {}

    public static void main(String[] args) throws Exception {
        if (args.length == 0 || args.length > 2) {
            System.err.println("""
                    usage: java -jar STANDALONE.jar TREE [RESULTS]
                       or: java -cp STANDALONE.jar script.java [ARGUMENT ...]

                    The first runs the plan /plans/all of the fmf tree in the directory TREE on four local systems, and
                    writes results.jsonl, junit.xml and files to RESULTS (./results). The second runs your own program,
                    such as the script quickstart.java of the examples, with all libraries.""");
            System.exit(USAGE);
        }
        QuickStart.main(args);
    }
}

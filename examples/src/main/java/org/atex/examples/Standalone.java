package org.atex.examples;

/** What {@code java -jar examples-…-standalone.jar} runs: {@link QuickStart}, which without arguments would look for its tree. */
final class Standalone {
    private static final int USAGE = 64;

    private Standalone() {}

    public static void main(String[] args) throws Exception {
        if (args.length == 0 || args.length > 2) {
            System.err.println("""
                    usage: java -jar STANDALONE.jar TREE [RESULTS]
                       or: java -cp STANDALONE.jar script.java [ARGUMENT ...]

                    The first runs the plan /plans/all of the fmf tree in the directory TREE on four local systems, and
                    writes results.jsonl, junit.xml and files to RESULTS (./results). The second runs a program of yours,
                    such as the script quickstart.java of the examples, with everything it needs.""");
            System.exit(USAGE);
        }
        QuickStart.main(args);
    }
}

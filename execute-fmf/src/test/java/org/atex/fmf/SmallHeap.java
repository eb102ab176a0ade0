package org.atex.fmf;

import java.nio.file.Path;
import org.atex.api.Artifacts;
import org.atex.local.LocalConnection;

/** A main class that runs the only test of a tree; started in a JVM with a small heap. */
final class SmallHeap {
    private SmallHeap() {}

    /** Arguments: the tree, the directory for artifacts. */
    public static void main(String[] arguments) throws InterruptedException {
        FmfTests tests = FmfTests.from(Path.of(arguments[0])).discover();
        try (var connection = LocalConnection.open();
                var executor = FmfExecutor.factory(tests).open(connection)) {
            System.out.println(executor.run(tests.get(0), Artifacts.at(Path.of(arguments[1]))));
        }
    }
}

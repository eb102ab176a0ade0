package org.atex.ctrf;

import java.io.IOException;
import org.atex.lab.ReportProgram;

/** The program that {@link CrashTest} and {@link FullDiskTest} run in a JVM of its own. */
final class IngestingProgram {
    private IngestingProgram() {}

    public static void main(String[] arguments) throws IOException {
        ReportProgram.run(arguments, CtrfAggregator::open, CtrfAggregator::recover);
    }
}

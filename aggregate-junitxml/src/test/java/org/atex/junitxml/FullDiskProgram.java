package org.atex.junitxml;

import java.io.IOException;
import org.atex.lab.ReportProgram;

/** The program of {@link FullDiskTest}, which runs in a JVM of its own. */
final class FullDiskProgram {
    private FullDiskProgram() {}

    public static void main(String[] arguments) throws IOException {
        JUnitXmlOptions options = JUnitXmlOptions.defaults().withProfile(Profile.RICH);
        ReportProgram.run(arguments, report -> JUnitXmlAggregator.open(report, options), JUnitXmlAggregator::recover);
    }
}

package org.atex.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Measures many small results from one fmf test. */
final class FmfResults implements Scenario {
    private static final int COUNT = 20_000;
    private static final String RESULT = "{\"name\":\"some/test\",\"status\":\"pass\",\"note\":\"fine\"}";

    private final String name;
    private final boolean ssh;

    FmfResults(String name, boolean ssh) {
        this.name = name;
        this.ssh = ssh;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String about() {
        return "20,000 results, rendered beforehand, from one fmf test" + (ssh ? " over ssh" : "")
                + ", against cat to a file";
    }

    @Override
    public Sample measure() throws Exception {
        try (FmfSystem system = new FmfSystem(ssh)) {
            Path rendered = system.directory.resolve("rendered");
            Files.writeString(rendered, ("result " + RESULT.length() + "\n" + RESULT).repeat(COUNT));
            double bare = Runs.seconds(() -> {
                SshServer.run(List.of("bash", "-c", "cat " + rendered + " | cat >" + rendered + ".copy"));
                return null;
            });
            return new Sample(system.seconds("cat " + rendered + " >&$ATEX_TEST_CONTROL"), bare);
        }
    }

    @Override
    public String describe(Sample median) {
        return String.format(
                Locale.ROOT,
                "%.0f results/s (goal here: at least 75,000), %.1f x the time of cat",
                COUNT / median.seconds(),
                median.ratio());
    }
}

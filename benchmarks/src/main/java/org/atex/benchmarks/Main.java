package org.atex.benchmarks;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Runs all or the named scenarios, and prints one line for each. */
public final class Main {
    private static final List<Scenario> ALL = List.of(
            new CommandGap(),
            new CommandsOnEight(),
            new ThousandSystems(),
            new HundredThousandTests(),
            new HandOver(),
            new KeptRun(),
            new JournalShare(),
            new TenThousandSystems(),
            new FirstTest(false),
            new FirstTest(true),
            new FmfGap("fmf", 1),
            new FmfGap("fmf8", 8),
            new FmfFile("fmf-file", false, 1024),
            new FmfFile("fmf-file-ssh", true, 256),
            new FmfDetached("fmf-det", false, 0),
            new FmfDetached("fmf-det-ssh", true, 0),
            new FmfDetached("fmf-det-file", false, 512),
            new FmfDetached("fmf-det-file-ssh", true, 256),
            new FmfResults("fmf-res", false),
            new FmfResults("fmf-res-ssh", true),
            new FmfEnd("fmf-end", false, false),
            new FmfEnd("fmf-end-ssh", true, false),
            new FmfEnd("fmf-int", false, true),
            new FmfEnd("fmf-int-ssh", true, true),
            new Barriers("barriers", false),
            new Barriers("barriers-podman", true),
            new StoredResults("results", 1, 1_000_000, 0, 8.9, 5),
            new StoredResults("results10k", 10_000, 10, 2, 7.3, 3),
            new TreeWarm(),
            new TreeCold(),
            new RealTreeWarm(RealTree.CONTEST),
            new RealTreeWarm(RealTree.KEYLIME),
            new RealTreeWarm(RealTree.TMT),
            new RealTreeCold(RealTree.CONTEST),
            new RealTreeCold(RealTree.KEYLIME),
            new RealTreeCold(RealTree.ARTEMIS),
            new RealTreeCold(RealTree.TMT),
            new InterleavingSteps(),
            new PodmanCommands(),
            new PodmanStarts(),
            new PodmanTree(),
            new SshCommands("ssh", 1, 100),
            new SshCommands("ssh50", 50, 20),
            new HundredReservations(),
            new SshTree(),
            new SshBulk());

    private Main() {}

    /**
     * Runs scenarios.
     *
     * @param args the names of scenarios; all if empty
     * @throws Exception if a measurement fails
     */
    public static void main(String[] args) throws Exception {
        List<String> names = List.of(args);
        List<Scenario> chosen = ALL.stream()
                .filter(scenario -> names.isEmpty() || names.contains(scenario.name()))
                .toList();
        if (chosen.isEmpty() || chosen.size() < names.size()) {
            System.err.println("scenarios:");
            ALL.forEach(scenario -> System.err.printf("  %-12s %s%n", scenario.name(), scenario.about()));
            System.exit(2);
        }
        for (Scenario scenario : chosen) {
            String missing = scenario.missing();
            String result = missing.isEmpty() ? scenario.describe(median(scenario)) : "skipped: " + missing;
            System.out.printf(Locale.ROOT, "%-12s %s%n", scenario.name(), result);
        }
    }

    /**
     * Measures a warm-up sample, then samples of subject and baseline in turn, so that a slow phase of the machine
     * affects both.
     */
    private static Scenario.Sample median(Scenario scenario) throws Exception {
        scenario.measure();
        List<Scenario.Sample> samples = new ArrayList<>();
        for (int i = 0; i < scenario.samples(); i++) {
            samples.add(scenario.measure());
        }
        samples.sort(Comparator.comparingDouble(Scenario.Sample::ratio));
        return samples.get(samples.size() / 2);
    }
}

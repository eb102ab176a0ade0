package org.atex.fmf;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which versions of the packages under test a system has, for the results of its tests: they answer whether it was the
 * build that was meant.
 */
final class InstalledPackages {
    private static final Logger LOG = LoggerFactory.getLogger(InstalledPackages.class);
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final int SHOWN = 10;

    private InstalledPackages() {}

    /**
     * Asks a system.
     *
     * @param connection the system
     * @param plan names what it installs
     * @param more names of further packages
     * @param tree where the tree is on the system
     * @return a result that tells them, or nothing if none of them is installed
     */
    static Optional<ReportedResult> of(Connection connection, FmfPlan plan, List<String> more, String tree)
            throws InterruptedException {
        List<String> words = new ArrayList<>(List.of(tree));
        for (Phase phase : plan.prepare()) {
            if (phase instanceof Phase.Install install) {
                install.packages().forEach(name -> words.add("package=" + name));
                install.directories().forEach(name -> words.add("directory=" + name));
            }
        }
        more.forEach(name -> words.add("package=" + name));
        if (words.size() == 1) {
            return Optional.empty();
        }
        String lines = ask(connection, words);
        List<Map<String, @Nullable Object>> packages = new ArrayList<>();
        List<String> shown = new ArrayList<>();
        for (String line : lines.lines().toList()) {
            String[] fields = line.split("\t", -1);
            if (fields.length == 4) {
                Map<String, @Nullable Object> one = new LinkedHashMap<>();
                one.put("name", fields[0]);
                one.put("version", fields[1]);
                one.put("repository", fields[2].isEmpty() ? null : fields[2]);
                one.put("digest", fields[3].isEmpty() ? null : fields[3]);
                packages.add(one);
                shown.add(fields[0] + " " + fields[1] + (fields[2].isEmpty() ? "" : " (" + fields[2] + ")"));
            }
        }
        if (packages.isEmpty()) {
            return Optional.empty();
        }
        String note = String.join(", ", shown.subList(0, Math.min(SHOWN, shown.size())))
                + (shown.size() > SHOWN ? " and " + (shown.size() - SHOWN) + " more" : "");
        return Optional.of(new ReportedResult(
                Status.INFO, "packages", note, List.of(), Map.of("packages", List.copyOf(packages))));
    }

    /** What is not known does not keep tests from running. */
    private static String ask(Connection connection, List<String> words) throws InterruptedException {
        Command command = Command.bash(Scripts.PACKAGES.text(), words.toArray(String[]::new));
        try {
            CommandResult result = LimitedCall.of("atex-packages", LIMIT, () -> connection.run(command))
                    .orElseThrow();
            return result.stdout();
        } catch (LimitedCall.NotInTimeException e) {
            LOG.warn("which packages {} has is not known: asking for them {}", connection, e.getMessage());
        } catch (LimitedCall.Failure e) {
            if (e.thrown() instanceof RuntimeException thrown) {
                throw thrown;
            }
            LOG.warn("which packages {} has is not known: {}", connection, e.words());
        }
        return "";
    }
}

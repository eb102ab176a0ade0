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
import org.atex.support.LimitedCall;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Queries the versions of the packages under test on a system. They are added to the results of each test, to show that
 * the intended build was tested.
 */
final class InstalledPackages {
    private static final Logger LOG = LoggerFactory.getLogger(InstalledPackages.class);
    private static final Duration LIMIT = Duration.ofMinutes(1);
    /** Maximum number of packages in the note; the result has all of them as data. */
    private static final int MAX_IN_NOTE = 10;

    private InstalledPackages() {}

    /**
     * Queries a system.
     *
     * @param connection the connection to the system
     * @param plan the plan; its install phases name packages
     * @param more the names of further packages
     * @param tree the path of the tree on the system
     * @return a result with the installed packages; empty if none of them is installed
     */
    static Optional<ReportedResult> of(Connection connection, FmfPlan plan, List<String> more, String tree)
            throws InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(tree));
        for (Phase phase : plan.prepare()) {
            if (phase instanceof Phase.Install install) {
                install.packages().forEach(name -> arguments.add("package=" + name));
                install.directories().forEach(name -> arguments.add("directory=" + name));
            }
        }
        more.forEach(name -> arguments.add("package=" + name));
        if (arguments.size() == 1) {
            return Optional.empty();
        }
        String lines = query(connection, arguments);
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
        String note = String.join(", ", shown.subList(0, Math.min(MAX_IN_NOTE, shown.size())))
                + (shown.size() > MAX_IN_NOTE ? " and " + (shown.size() - MAX_IN_NOTE) + " more" : "");
        return Optional.of(ReportedResult.of(Status.INFO, note, List.of())
                .withName("packages")
                .withMore(Map.of("packages", List.copyOf(packages))));
    }

    /** {@return the output of the query; empty if it fails, as tests can run without this information} */
    private static String query(Connection connection, List<String> arguments) throws InterruptedException {
        Command command = Command.bash(Scripts.PACKAGES.text(), arguments.toArray(String[]::new));
        try {
            CommandResult result = LimitedCall.of("atex-packages", LIMIT, () -> connection.run(command))
                    .orElseThrow();
            return result.stdout();
        } catch (LimitedCall.NotInTimeException e) {
            LOG.warn("could not query the packages on {}: the query {}", connection, e.getMessage());
        } catch (LimitedCall.Failure e) {
            if (e.thrown() instanceof RuntimeException thrown) {
                throw thrown;
            }
            LOG.warn("could not query the packages on {}: {}", connection, e.describe());
        }
        return "";
    }
}

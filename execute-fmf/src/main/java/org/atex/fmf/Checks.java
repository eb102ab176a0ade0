package org.atex.fmf;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.Output;
import org.atex.api.ReportedResult;
import org.atex.api.RunningCommand;
import org.atex.api.Status;
import org.atex.artifacts.SafePath;
import org.atex.support.Durations;
import org.atex.support.TailReader;
import org.jspecify.annotations.Nullable;

/**
 * Runs the checks of one test on its system, before and after the test. Each check adds a result with a log. Not
 * thread-safe.
 */
final class Checks {
    /** Exit code of {@code checks.sh} for a check that the system does not support. */
    private static final CommandEnd SKIPPED = new CommandEnd.Exited(77);

    /** Starts the line that {@code checks.sh} prints before each crash. */
    private static final String CRASH = "atex-crash ";

    private static final Pattern DENIAL = Pattern.compile("^type=(AVC|USER_AVC|SELINUX_ERR)\\b");

    /** Maximum number of characters of a log line in a note. */
    private static final int LONGEST_NOTE = 200;

    private final List<TestCheck> checks;
    private final Setting setting;

    /**
     * The system that checks run on.
     *
     * @param connection the connection to the system
     * @param directories the directories of the test on the system
     * @param within the time limit of each call
     */
    record Setting(Connection connection, SystemDirectories directories, Duration within) {}

    private final Artifacts artifacts;
    private final ReportReceiver results;

    Checks(List<TestCheck> checks, Setting setting, Artifacts artifacts, ReportReceiver results) {
        this.checks = checks;
        this.setting = setting;
        this.artifacts = artifacts;
        this.results = results;
    }

    /**
     * The result of one call of a check.
     *
     * @param status the status
     * @param note the reason, or null
     */
    private record Call(Status status, @Nullable String note) {}

    /** Runs the checks before the test. {@return their results} */
    List<Judge.Checked> before() throws InterruptedException, IOException {
        return runAll("before");
    }

    /** Runs the checks after the test; call it when no process of the test is left. {@return their results} */
    List<Judge.Checked> after() throws InterruptedException, IOException {
        return runAll("after");
    }

    private List<Judge.Checked> runAll(String event) throws InterruptedException, IOException {
        List<Judge.Checked> found = new ArrayList<>();
        for (int i = 0; i < checks.size(); i++) {
            TestCheck check = checks.get(i);
            String name = "checks/" + check.how() + (isRepeated(i) ? "-" + (i + 1) : "") + "/" + event + "-test";
            String log = check.how() + ".txt";
            Path file = artifacts.files().resolve(SafePath.ofFile(name, log));
            Files.createDirectories(file.resolveSibling(""));
            Call call = call(check, event, i, file);
            boolean empty = !Files.exists(file) || Files.size(file) == 0;
            if (call.status.equals(Status.PASS) && event.equals("before") && empty) {
                Files.deleteIfExists(file);
                continue; // the check only recorded the position at which it starts to read after the test
            }
            List<String> files = Files.exists(file) ? List.of(log) : List.of();
            results.add(ReportedResult.of(call.status, call.note, files).withName(name));
            found.add(new Judge.Checked(i, check.how(), call.status, check.result()));
        }
        return found;
    }

    private boolean isRepeated(int index) {
        return checks.stream()
                .limit(index)
                .anyMatch(other -> other.how().equals(checks.get(index).how()));
    }

    private Call call(TestCheck check, String event, int index, Path file) throws InterruptedException, IOException {
        List<String> arguments =
                new ArrayList<>(List.of(event, check.how(), setting.directories.slot() + "/check." + index));
        arguments.addAll(arguments(check));
        Command command = Command.bash(Scripts.CHECKS.text(), arguments.toArray(String[]::new))
                .withStdout(Output.file(file));
        Optional<CommandEnd> end;
        String message;
        try (RunningCommand running = setting.connection.start(command)) {
            TailReader errors = TailReader.start(running.stderr(), 4000);
            end = running.await(setting.within);
            message = lastLine(errors.textAtEnd());
        }
        if (end.isEmpty()) {
            return new Call(
                    Status.ERROR,
                    "it took longer than " + Durations.words(setting.within)
                            + " (FmfOptions.withHookWithin sets the limit)");
        }
        if (end.get().equals(SKIPPED)) {
            return new Call(Status.SKIP, message);
        }
        return end.get().succeeded()
                ? evaluate(check, event, file)
                : new Call(Status.ERROR, end.get() + (message.isEmpty() ? "" : ": " + message));
    }

    private static String lastLine(String text) {
        String stripped = text.strip();
        return stripped.substring(stripped.lastIndexOf('\n') + 1);
    }

    private static List<String> arguments(TestCheck check) {
        List<String> arguments = new ArrayList<>();
        Map<String, String> settings = check.settings();
        if (check.how().equals("avc")) {
            arguments.add(settings.getOrDefault("delay-before-report", "5"));
        }
        if (check.how().equals("journal")) {
            if ("true".equals(settings.get("dmesg"))) {
                arguments.add("--dmesg");
            }
            for (String key : List.of("unit", "identifier", "priority")) {
                if (settings.containsKey(key)) {
                    arguments.add("--" + key + "=" + settings.get(key));
                }
            }
        }
        return arguments;
    }

    /** {@return the result of a log; failures that were logged before the test do not count} */
    private static Call evaluate(TestCheck check, String event, Path file) throws IOException {
        if (event.equals("before") || !Files.exists(file)) {
            return new Call(Status.PASS, null);
        }
        String failure = switch (check.how()) {
            case "coredump" -> firstCrash(check, file);
            case "avc" -> firstMatch(file, DENIAL, check);
            default -> {
                String first = null;
                for (Pattern pattern : check.failures()) {
                    first = first == null ? firstMatch(file, pattern, check) : first;
                }
                yield first;
            }
        };
        return failure == null ? new Call(Status.PASS, null) : new Call(Status.FAIL, failure);
    }

    private static boolean isIgnored(TestCheck check, String text) {
        return check.ignored().stream()
                .anyMatch(pattern -> pattern.matcher(text).find());
    }

    /** {@return the first line that matches the pattern and is not ignored, or null} */
    private static @Nullable String firstMatch(Path file, Pattern pattern, TestCheck check) throws IOException {
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            for (String line; (line = reader.readLine()) != null; ) {
                if (pattern.matcher(line).find() && !isIgnored(check, line)) {
                    return shortened(line);
                }
            }
        }
        return null;
    }

    /** {@return the header of the first crash that is not ignored, or null; ignore patterns apply to a whole crash} */
    private static @Nullable String firstCrash(TestCheck check, Path file) throws IOException {
        StringBuilder crash = new StringBuilder();
        String first = null;
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            for (String line = reader.readLine(); first == null; line = reader.readLine()) {
                if (line == null || line.startsWith(CRASH)) {
                    if (!crash.isEmpty() && !isIgnored(check, crash.toString())) {
                        first = shortened("a program crashed: "
                                + crash.toString().lines().findFirst().orElse(""));
                    }
                    crash.setLength(0);
                }
                if (line == null) {
                    break;
                }
                // The log comes from the system: without a bound, one endless crash report would fill the heap.
                if (crash.length() < 1 << 20) {
                    crash.append(line).append('\n');
                }
            }
        }
        return first;
    }

    private static String shortened(String line) {
        String text = line.strip();
        return text.length() > LONGEST_NOTE ? text.substring(0, LONGEST_NOTE) + "…" : text;
    }
}

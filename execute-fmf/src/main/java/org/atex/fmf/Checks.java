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
import org.jspecify.annotations.Nullable;

/** Makes the checks of one test on its system; what they find are results of their own, with logs. For one thread. */
final class Checks {
    private static final CommandEnd SKIPPED = new CommandEnd.Exited(77);
    private static final String CRASH = "atex-crash ";
    private static final Pattern DENIAL = Pattern.compile("^type=(AVC|USER_AVC|SELINUX_ERR)\\b");
    private static final int SHOWN = 200;

    private final List<TestCheck> checks;
    private final Setting setting;

    /**
     * Where checks are made.
     *
     * @param connection to the system
     * @param place where things are there
     * @param within how long each call may take
     */
    record Setting(Connection connection, Place place, Duration within) {}

    private final Artifacts artifacts;
    private final ReportReceiver results;

    Checks(List<TestCheck> checks, Setting setting, Artifacts artifacts, ReportReceiver results) {
        this.checks = checks;
        this.setting = setting;
        this.artifacts = artifacts;
        this.results = results;
    }

    /**
     * What one call of a check found.
     *
     * @param status how it went
     * @param note why, or null
     */
    private record Call(Status status, @Nullable String note) {}

    /** {@return what the checks found before the test} */
    List<Judge.Checked> before() throws InterruptedException, IOException {
        return all("before");
    }

    /** {@return what the checks found when nothing of the test runs any more} */
    List<Judge.Checked> after() throws InterruptedException, IOException {
        return all("after");
    }

    private List<Judge.Checked> all(String event) throws InterruptedException, IOException {
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
                continue; // it has but made a mark
            }
            List<String> files = Files.exists(file) ? List.of(log) : List.of();
            results.add(new ReportedResult(call.status, name, call.note, files, Map.of()));
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
        List<String> arguments = new ArrayList<>(List.of(event, check.how(), setting.place.slot() + "/check." + index));
        arguments.addAll(arguments(check));
        Command command = Command.bash(Scripts.CHECKS.text(), arguments.toArray(String[]::new))
                .withStdout(Output.file(file));
        Optional<CommandEnd> end;
        String said;
        try (RunningCommand running = setting.connection.start(command)) {
            TailReader errors = TailReader.start(running.stderr(), 4000);
            end = running.await(setting.within);
            said = lastLine(errors.textAtEnd());
        }
        if (end.isEmpty()) {
            return new Call(
                    Status.ERROR,
                    "it took longer than " + Durations.words(setting.within)
                            + " (FmfOptions.withHookWithin sets the limit)");
        }
        if (end.get().equals(SKIPPED)) {
            return new Call(Status.SKIP, said);
        }
        return end.get().succeeded()
                ? judged(check, event, file)
                : new Call(Status.ERROR, end.get() + (said.isEmpty() ? "" : ": " + said));
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

    /** What was there before the test is not its fault. */
    private static Call judged(TestCheck check, String event, Path file) throws IOException {
        if (event.equals("before") || !Files.exists(file)) {
            return new Call(Status.PASS, null);
        }
        String failure = switch (check.how()) {
            case "coredump" -> crash(check, file);
            case "avc" -> line(file, DENIAL, check);
            default -> {
                String first = null;
                for (Pattern pattern : check.failures()) {
                    first = first == null ? line(file, pattern, check) : first;
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

    /** {@return the first line with a pattern that is not ignored, or null} */
    private static @Nullable String line(Path file, Pattern pattern, TestCheck check) throws IOException {
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            for (String line; (line = reader.readLine()) != null; ) {
                if (pattern.matcher(line).find() && !isIgnored(check, line)) {
                    return shown(line);
                }
            }
        }
        return null;
    }

    private static @Nullable String crash(TestCheck check, Path file) throws IOException {
        StringBuilder crash = new StringBuilder();
        String first = null;
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            for (String line = reader.readLine(); first == null; line = reader.readLine()) {
                if (line == null || line.startsWith(CRASH)) {
                    if (!crash.isEmpty() && !isIgnored(check, crash.toString())) {
                        first = shown("a program crashed: "
                                + crash.toString().lines().findFirst().orElse(""));
                    }
                    crash.setLength(0);
                }
                if (line == null) {
                    break;
                }
                if (crash.length() < 1 << 20) {
                    crash.append(line).append('\n');
                }
            }
        }
        return first;
    }

    private static String shown(String line) {
        String text = line.strip();
        return text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text;
    }
}

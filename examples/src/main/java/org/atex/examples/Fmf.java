package org.atex.examples;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.atex.api.AtexException;
import org.atex.fmf.FmfDiscovery;
import org.atex.fmf.FmfFinding;
import org.atex.fmf.FmfTest;
import org.atex.fmf.FmfTests;
import org.atex.fmf.tree.FmfContext;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;

/** Command line program that shows an fmf tree and the tests that a run would select. */
@Command(
        name = "fmf",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "ls|show|requires|plans|lint",
        description = "Shows an fmf tree and the tests that a run would select.")
final class Fmf {
    @Spec
    private @Nullable CommandSpec spec;

    /** The options that select tests. */
    static final class Choice {
        @Option(
                names = "--root",
                paramLabel = "DIR",
                description = "a directory of the tree; default: the current directory")
        private Path root = Path.of("");

        @Option(names = "--plan", paramLabel = "NAME", description = "the plan that selects tests")
        private String plan = "";

        @Option(
                names = "--test",
                paramLabel = "REGEX",
                description = "select tests with a name that matches; may be repeated")
        private List<String> tests = new ArrayList<>();

        @Option(
                names = "--filter",
                paramLabel = "FILTER",
                description = "select tests that the filter accepts, such as 'tag: smoke'")
        private List<String> filters = new ArrayList<>();

        @Option(names = "--exclude", paramLabel = "REGEX", description = "exclude tests with a name that matches")
        private List<String> excludes = new ArrayList<>();

        @Option(
                names = "--context",
                paramLabel = "KEY=VALUE",
                description = "a dimension of the context for adjust rules, such as distro=fedora-41")
        private List<String> context = new ArrayList<>();

        private FmfDiscovery discovery() {
            FmfDiscovery discovery = FmfTests.from(root).context(FmfContext.ofPairs(context));
            if (!plan.isEmpty()) {
                discovery = discovery.plan(plan);
            }
            for (String test : tests) {
                discovery = discovery.name(test);
            }
            for (String filter : filters) {
                discovery = discovery.filter(filter);
            }
            for (String exclude : excludes) {
                discovery = discovery.exclude(exclude);
            }
            return discovery;
        }
    }

    @Command(mixinStandardHelpOptions = true, description = "Lists the names of tests.")
    void ls(@Mixin Choice choice) throws InterruptedException {
        discover(choice.discovery().withoutLibraries()).forEach(test -> out().println(test.name()));
    }

    @Command(mixinStandardHelpOptions = true, description = "Shows the metadata of tests.")
    void show(
            @Mixin Choice choice,
            @Option(names = "--json", description = "print a JSON array with one object per test") boolean json)
            throws InterruptedException {
        List<Map<String, @Nullable Object>> tests = new ArrayList<>();
        for (FmfTest test : discover(choice.discovery().withoutLibraries())) {
            Map<String, @Nullable Object> data = new LinkedHashMap<>();
            data.put("name", test.name());
            data.put("directory", test.directory());
            test.metadata().forEach(data::putIfAbsent);
            tests.add(data);
        }
        if (json) {
            out().println(json(tests));
        } else {
            tests.forEach(this::print);
        }
    }

    private void print(Map<String, @Nullable Object> test) {
        test.forEach((key, value) -> out().println(
                        key.equals("name")
                                ? String.valueOf(value)
                                : "    " + key + ": " + (value instanceof String ? value : json(value))));
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = "Lists the packages that tests and their libraries require.")
    void requires(@Mixin Choice choice) throws InterruptedException {
        TreeSet<String> packages = new TreeSet<>();
        discover(choice.discovery()).forEach(test -> packages.addAll(test.requires()));
        packages.forEach(out()::println);
    }

    @Command(mixinStandardHelpOptions = true, description = "Lists the names of plans.")
    void plans(@Mixin Choice choice) throws InterruptedException {
        choice.discovery().plans().stream()
                .filter(plan -> choice.plan.isEmpty() || plan.contains(choice.plan))
                .forEach(out()::println);
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = "Reports how each plan and test would be treated; exit code 1 if one is refused.")
    int lint(
            @Parameters(
                            arity = "0..1",
                            paramLabel = "TREE",
                            description = "a directory of the tree; default: the current directory")
                    @Nullable
                    Path tree,
            @Option(
                            names = "--context",
                            paramLabel = "KEY=VALUE",
                            description = "a dimension of the context for adjust rules, such as distro=fedora-41")
                    @Nullable
                    List<String> context)
            throws InterruptedException {
        FmfDiscovery discovery = FmfTests.from(tree == null ? Path.of("") : tree)
                .context(FmfContext.ofPairs(context == null ? List.of() : context))
                .withoutLibraries();
        boolean refused = false;
        for (FmfFinding finding : discovery.lint()) {
            refused |= finding.state() == FmfFinding.State.REFUSED;
            print(finding);
        }
        return refused ? 1 : 0;
    }

    private void print(FmfFinding finding) {
        out().println(finding.state().name().toLowerCase(Locale.ROOT) + " "
                + finding.kind().name().toLowerCase(Locale.ROOT) + " " + finding.name()
                + (finding.words().isEmpty() ? "" : ": " + oneLine(finding.words())));
        finding.keys()
                .forEach((fate, keys) -> out().println("    "
                        + switch (fate) {
                            case HONOURED -> "honoured: ";
                            case DATA -> "for the program: ";
                            case NO_MEANING -> "no meaning here: ";
                            case REFUSED -> "refused: ";
                        }
                        + String.join(", ", keys)));
        if (!finding.others().isEmpty()) {
            out().println("    unknown: " + String.join(", ", finding.others()));
        }
        finding.warnings().forEach(warning -> out().println("    warning: " + oneLine(warning)));
    }

    private FmfTests discover(FmfDiscovery discovery) throws InterruptedException {
        FmfTests tests = discovery.discover();
        PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
        tests.warnings().forEach(warning -> err.println("fmf: warning: " + warning));
        err.flush();
        return tests;
    }

    private PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }

    private static String json(@Nullable Object value) {
        var text = new StringWriter();
        var factory = JsonFactory.builder()
                .disable(StreamWriteFeature.AUTO_CLOSE_CONTENT)
                .build();
        try (JsonGenerator generator = factory.createGenerator(ObjectWriteContext.empty(), text)) {
            write(generator, value);
        }
        return text.toString();
    }

    private static void write(JsonGenerator json, @Nullable Object value) {
        switch (value) {
            case null -> json.writeNull();
            case Boolean bool -> json.writeBoolean(bool);
            case Double real when real.isNaN() || real.isInfinite() -> json.writeString(real.toString());
            case Number number -> json.writeNumber(number.toString());
            case Map<?, ?> map -> {
                json.writeStartObject();
                map.forEach((key, item) -> {
                    json.writeName(String.valueOf(key));
                    write(json, item);
                });
                json.writeEndObject();
            }
            case Iterable<?> items -> {
                json.writeStartArray();
                items.forEach(item -> write(json, item));
                json.writeEndArray();
            }
            default -> json.writeString(value.toString());
        }
    }

    /** {@return the exit code; 2 for bad input, which is reported in one line on standard error} */
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        return new CommandLine(new Fmf())
                .setOut(out)
                .setErr(err)
                .setParameterExceptionHandler((e, unused) -> complain(err, e))
                .setExecutionExceptionHandler((e, unused, all) -> {
                    if (e instanceof AtexException) {
                        return complain(err, e);
                    }
                    throw e;
                })
                .execute(arguments);
    }

    private static int complain(PrintWriter err, Exception e) {
        err.println("fmf: " + oneLine(String.valueOf(e.getMessage())));
        err.flush();
        return CommandLine.ExitCode.USAGE;
    }

    static String oneLine(String message) {
        // A caret is useful only below its line, so it is removed from a message in one line.
        return message.lines()
                .map(String::strip)
                .filter(line -> !line.matches("\\^*"))
                .collect(Collectors.joining(" "));
    }

    public static void main(String[] arguments) {
        var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        System.exit(run(out, err, arguments));
    }
}

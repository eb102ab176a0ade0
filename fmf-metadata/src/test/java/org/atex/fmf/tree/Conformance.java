package org.atex.fmf.tree;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Answers requests of the conformance checker with JSON documents on standard output.
 *
 * <p>This is test code, and so not in the published jar: only the checker uses this format.
 */
final class Conformance {
    private static final PrintStream OUT =
            new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

    private Conformance() {}

    public static void main(String... args) throws IOException {
        switch (args.length == 0 ? "" : args[0]) {
            case "--batch" -> batch();
            case "--context", "--filter", "--yaml" -> {
                var answers = new ArrayList<@Nullable Object>();
                for (var row : (List<?>) Objects.requireNonNull(Json.read(Path.of(args[1])))) {
                    var request = new LinkedHashMap<String, @Nullable Object>(map(row));
                    request.put("op", args[0].substring(2));
                    answers.add(answer(request));
                }
                print(answers);
            }
            default -> {
                var request = new LinkedHashMap<String, @Nullable Object>();
                if (args.length > 2) {
                    request.putAll(map(Json.read(Path.of(args[2]))));
                }
                request.put("op", "tree");
                request.put("tree", args[0]);
                request.put("context", Json.read(args[1]));
                print(answer(request));
            }
        }
    }

    private static void batch() throws IOException {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (var line = in.readLine(); line != null; line = in.readLine()) {
            print(answer(map(Json.read(line))));
        }
    }

    private static void print(Object answer) {
        OUT.println(Json.write(answer));
    }

    @SuppressWarnings("unchecked")
    static Map<String, @Nullable Object> map(@Nullable Object value) {
        return (Map<String, @Nullable Object>) Objects.requireNonNull(value);
    }

    /** {@return the answer to a request; an {@link FmfException} becomes an error document} */
    static Object answer(Map<String, @Nullable Object> request) {
        try {
            return switch (String.valueOf(request.get("op"))) {
                case "tree" -> tree(request);
                case "context" -> Map.of("outcome", context(request));
                case "filter" -> Map.of("outcome", filter(request));
                default -> yaml(request);
            };
        } catch (FmfException e) {
            return error(e);
        }
    }

    static Map<String, @Nullable Object> error(FmfException e) {
        return Map.of("error", true, "class", className(e.kind()), "message", e.getMessage(), "outcome", "error");
    }

    private static String className(FmfException.Kind kind) {
        return switch (kind) {
            case GENERAL -> "GeneralError";
            case FORMAT -> "FormatError";
            case FILE -> "FileError";
            case ROOT -> "RootError";
            case FILTER -> "FilterError";
            case MERGE -> "MergeError";
            case REFERENCE -> "ReferenceError";
            case FETCH -> "FetchError";
            case CANNOT_DECIDE -> "CannotDecide";
            case INVALID_RULE -> "InvalidRule";
            case INVALID_CONTEXT -> "InvalidContext";
            case INVALID_VALUE, LIMIT -> "internal";
        };
    }

    private static Map<String, @Nullable Object> tree(Map<String, @Nullable Object> request) {
        var tree = FmfTree.load(Path.of((String) Objects.requireNonNull(request.get("tree"))));
        var context = request.get("context");
        if (context != null) {
            var options = request.get("options");
            tree = tree.adjust(FmfContext.of(map(context)), adjustment(options == null ? Map.of() : map(options)));
        }
        var root = tree.directory().orElseThrow();
        var nodes = new ArrayList<@Nullable Object>();
        var branches = new ArrayList<@Nullable Object>();
        var whole = new ArrayList<@Nullable Object>();
        for (var node : tree.climb(true)) {
            whole.add(node.name());
            (node.selected() ? nodes : branches).add(node(node, root));
        }
        var prunes = new ArrayList<@Nullable Object>();
        for (var query : list(request.get("prunes"))) {
            prunes.add(prune(tree, root, map(query)));
        }
        return Map.of("nodes", nodes, "branches", branches, "whole", whole, "prunes", prunes);
    }

    private static List<?> list(@Nullable Object value) {
        return value == null ? List.of() : (List<?>) value;
    }

    private static FmfAdjustment adjustment(Map<String, @Nullable Object> options) {
        var adjustment = FmfAdjustment.defaults();
        if (options.get("key") instanceof String key) {
            adjustment = adjustment.withKey(key);
        }
        if (options.get("undecided") instanceof String undecided) {
            adjustment = switch (undecided) {
                case "raise" -> adjustment.withFailUndecided(true);
                case "skip" -> adjustment;
                default ->
                    adjustment.withListener((node, rule, decision) -> {
                        if (decision == FmfContext.Decision.UNDECIDED) {
                            throw new FmfException(FmfException.Kind.GENERAL, "unknown option: " + undecided);
                        }
                    });
            };
        }
        if (options.get("case_sensitive") instanceof Boolean sensitive) {
            adjustment = adjustment.withCaseSensitive(sensitive);
        }
        var rules = options.get("additional_rules");
        if (rules != null) {
            var all = rules instanceof List<?> several ? several : List.of(rules);
            adjustment = adjustment.withAdditionalRules(
                    all.stream().map(Conformance::map).toList(), node -> true);
        }
        return adjustment;
    }

    private static Map<String, @Nullable Object> node(FmfNode node, Path root) {
        var sources = node.sources().stream()
                .map(file -> root.relativize(file).toString())
                .toList();
        return Map.of("name", node.name(), "data", NormalForm.form(node.data()), "sources", sources);
    }

    private static Object prune(FmfTree tree, Path root, Map<String, @Nullable Object> request) {
        try {
            var query = FmfQuery.all().whole(Boolean.TRUE.equals(request.get("whole")));
            for (var name : list(request.get("names"))) {
                query = query.name((String) name);
            }
            for (var filter : list(request.get("filters"))) {
                query = query.filter((String) filter);
            }
            for (var key : list(request.get("keys"))) {
                query = query.key((String) key);
            }
            for (var source : list(request.get("sources"))) {
                query = query.source(root.resolve((String) source));
            }
            return tree.prune(query).stream().map(FmfNode::name).toList();
        } catch (FmfException e) {
            return error(e);
        }
    }

    private static String context(Map<String, @Nullable Object> request) {
        var sensitive = !Boolean.FALSE.equals(request.get("case_sensitive"));
        var written = request.get("context");
        var context = written == null ? FmfContext.empty() : FmfContext.of(map(written));
        return switch (request.get("expression")) {
            case Boolean decided -> decided.toString();
            case String text -> outcome(context.decide(text, sensitive));
            case null, default -> "error";
        };
    }

    private static String outcome(FmfContext.Decision decision) {
        return switch (decision) {
            case TRUE -> "true";
            case FALSE -> "false";
            case UNDECIDED -> "cannot-decide";
        };
    }

    private static String filter(Map<String, @Nullable Object> request) {
        var text = request.get("filter");
        if (text == null || "".equals(text)) {
            return "true"; // Python fmf does not check the data then
        }
        var regexp = Boolean.TRUE.equals(request.get("regexp"));
        var sensitive = !Boolean.FALSE.equals(request.get("sensitive"));
        var filter = FmfFilter.of((String) text, regexp, sensitive);
        if (!(request.get("data") instanceof Map<?, ?> data)) {
            throw new FmfException(FmfException.Kind.FILTER, "The data must be a mapping");
        }
        return String.valueOf(filter.matches(map(data), (String) request.get("name")));
    }

    private static Map<String, @Nullable Object> yaml(Map<String, @Nullable Object> request) {
        var answer = new LinkedHashMap<String, @Nullable Object>();
        answer.put(
                "value",
                NormalForm.form(YamlReader.read("text", (String) Objects.requireNonNull(request.get("text")))
                        .value()));
        return answer;
    }
}

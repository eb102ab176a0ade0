package org.atex.fmf;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.artifacts.SafePath;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Reads the results file of a test with {@code result: custom}: {@code results.yaml} or {@code results.json} in
 * {@code TMT_TEST_DATA}. The file is a list of items with a name and a result; the name {@code /} stands for the test
 * itself. tmt defines the format. Not thread-safe.
 */
final class CustomResults {
    private static final long MAX_BYTES = 16L << 20;
    private static final LoadSettings SETTINGS =
            LoadSettings.builder().setCodePointLimit((int) MAX_BYTES).build();

    /** The results that tmt defines, ordered by severity. An item that is {@code pending} at the end never ran. */
    private static final List<String> RESULTS = List.of("skip", "info", "pass", "warn", "fail", "error", "pending");

    private final Artifacts artifacts;
    private final ReportReceiver results;

    CustomResults(Artifacts artifacts, ReportReceiver results) {
        this.artifacts = artifacts;
        this.results = results;
    }

    /** The results file is malformed. */
    private static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedException(String message) {
            super(message);
        }
    }

    /** One item of the file; only top-level items count for the outcome of the test. */
    private record Item(String name, String word, @Nullable String note, List<String> logs, boolean counts) {}

    /** Adds a result for each item. {@return the outcome of the test: that of the most severe top-level item} */
    Judgement evaluate() throws IOException {
        Path data = artifacts.files().resolve("data");
        Path file = data.resolve("results.yaml");
        if (!Files.isRegularFile(file)) {
            file = data.resolve("results.json");
        }
        if (!Files.isRegularFile(file)) {
            return Judgement.of(
                    Outcome.ERROR,
                    "its result is 'custom', but there is no results.yaml or results.json in TMT_TEST_DATA");
        }
        try {
            return store(read(file));
        } catch (MalformedException e) {
            return Judgement.of(Outcome.ERROR, "its " + file.getFileName() + " " + e.getMessage());
        }
    }

    private static List<Item> read(Path file) throws IOException, MalformedException {
        if (Files.size(file) > MAX_BYTES) {
            throw new MalformedException("is larger than " + MAX_BYTES + " bytes");
        }
        Object read;
        try {
            read = new Load(SETTINGS).loadFromString(Files.readString(file));
        } catch (YamlEngineException | CharacterCodingException e) {
            throw new MalformedException("cannot be read: "
                    + String.valueOf(e.getMessage()).strip().lines().findFirst().orElse(""));
        }
        if (read == null || read instanceof List<?> none && none.isEmpty()) {
            throw new MalformedException("has no results");
        }
        if (!(read instanceof List<?> list)) {
            throw new MalformedException("must be a list of results");
        }
        List<Item> items = new ArrayList<>();
        for (Object value : list) {
            item(value, null, items);
        }
        return items;
    }

    private static void item(@Nullable Object value, @Nullable String above, List<Item> to) throws MalformedException {
        if (!(value instanceof Map<?, ?> map
                && map.get("name") instanceof String name
                && !name.isEmpty()
                && map.get("result") instanceof String word)) {
            throw new MalformedException("has a result without a 'name' or a 'result': " + shown(value));
        }
        if (!RESULTS.contains(word)) {
            throw new MalformedException("has the unknown result '" + word + "' for " + name + " (there are "
                    + String.join(", ", RESULTS) + ")");
        }
        String own = name.startsWith("/") ? name.substring(1) : name;
        String full = above == null || above.isEmpty() || own.isEmpty()
                ? (above == null ? "" : above) + own
                : above + "/" + own;
        to.add(new Item(full, word, note(map.get("note")), logs(map.get("log")), above == null));
        Object subresults = map.get("subresult");
        if (subresults instanceof List<?> list) {
            for (Object sub : list) {
                item(sub, full, to);
            }
        } else if (subresults != null) {
            throw new MalformedException("has a 'subresult' that is not a list: " + shown(subresults));
        }
    }

    private static String shown(@Nullable Object value) {
        String text = String.valueOf(value);
        return text.length() > 200 ? text.substring(0, 200) + "…" : text;
    }

    private static @Nullable String note(@Nullable Object value) {
        List<String> notes = new ArrayList<>();
        TestKeys.listOf(value).forEach(note -> notes.add(String.valueOf(note)));
        return notes.isEmpty() ? null : String.join(", ", notes);
    }

    private static List<String> logs(@Nullable Object value) throws MalformedException {
        List<String> logs = new ArrayList<>();
        for (Object log : TestKeys.listOf(value)) {
            if (!(log instanceof String path && !path.isEmpty())) {
                throw new MalformedException("has a 'log' that is not a path: " + shown(log));
            }
            logs.add(path);
        }
        return logs;
    }

    private Judgement store(List<Item> items) throws IOException {
        Item worst = items.getFirst();
        for (Item item : items) {
            if (!item.name.isEmpty()) {
                results.add(
                        ReportedResult.of(status(item), item.note, files(item)).withName(item.name));
            }
            worst = item.counts && RESULTS.indexOf(item.word) > RESULTS.indexOf(worst.word) ? item : worst;
        }
        String note = worst.note == null ? worst.word : worst.note;
        return new Judgement(
                Outcome.of(status(worst)), status(worst), worst.name.isEmpty() ? note : worst.name + ": " + note);
    }

    private static Status status(Item item) {
        return item.word.equals("pending") ? Status.ERROR : new Status(item.word);
    }

    /** Links the logs of an item, which are paths below the test's data, into the directory of that part. */
    private List<String> files(Item item) throws IOException {
        Map<String, Boolean> files = new LinkedHashMap<>();
        for (String log : item.logs) {
            // SafePath removes "..": a log must not name a file outside the artifacts.
            Path source = artifacts.files().resolve(SafePath.of("data/" + log));
            Path target = artifacts.files().resolve(SafePath.ofFile(item.name, log));
            if (Files.isRegularFile(source) && !Files.exists(target)) {
                Files.createDirectories(target.resolveSibling(""));
                Files.createLink(target, source); // a link costs no space for large logs
            }
            if (Files.isRegularFile(target)) {
                files.put(SafePath.of(log), true);
            }
        }
        return List.copyOf(files.keySet());
    }
}

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
 * The results that a test with {@code result: custom} left in {@code TMT_TEST_DATA}, as {@code results.yaml} or
 * {@code results.json}: a list with a name and a result for each part, {@code /} being the test itself. For one thread.
 */
final class CustomResults {
    private static final long LARGEST = 16L << 20;
    private static final LoadSettings SETTINGS =
            LoadSettings.builder().setCodePointLimit((int) LARGEST).build();

    /** From the harmless to the worst; what is pending at the end never ran. */
    private static final List<String> WORDS = List.of("skip", "info", "pass", "warn", "fail", "error", "pending");

    private final Artifacts artifacts;
    private final ReportReceiver results;

    CustomResults(Artifacts artifacts, ReportReceiver results) {
        this.artifacts = artifacts;
        this.results = results;
    }

    /** A mistake in the file. */
    private static final class BrokenException extends Exception {
        private static final long serialVersionUID = 1L;

        BrokenException(String message) {
            super(message);
        }
    }

    /** One item of the file. */
    private record Item(String name, String word, @Nullable String note, List<String> logs, boolean counts) {}

    /** {@return how the test ended by its file, of which the parts are results of their own} */
    Judgement take() throws IOException {
        Path data = artifacts.files().resolve("data");
        Path file = data.resolve("results.yaml");
        if (!Files.isRegularFile(file)) {
            file = data.resolve("results.json");
        }
        if (!Files.isRegularFile(file)) {
            return Judgement.of(
                    Outcome.ERROR,
                    "its result is 'custom', and it left no results.yaml or results.json in TMT_TEST_DATA");
        }
        try {
            return store(read(file));
        } catch (BrokenException e) {
            return Judgement.of(Outcome.ERROR, "its " + file.getFileName() + " " + e.getMessage());
        }
    }

    private static List<Item> read(Path file) throws IOException, BrokenException {
        if (Files.size(file) > LARGEST) {
            throw new BrokenException("is larger than " + LARGEST + " bytes");
        }
        Object read;
        try {
            read = new Load(SETTINGS).loadFromString(Files.readString(file));
        } catch (YamlEngineException | CharacterCodingException e) {
            throw new BrokenException("cannot be read: "
                    + String.valueOf(e.getMessage()).strip().lines().findFirst().orElse(""));
        }
        if (read == null || read instanceof List<?> none && none.isEmpty()) {
            throw new BrokenException("has no results");
        }
        if (!(read instanceof List<?> list)) {
            throw new BrokenException("must be a list of results");
        }
        List<Item> items = new ArrayList<>();
        for (Object value : list) {
            item(value, null, items);
        }
        return items;
    }

    private static void item(@Nullable Object value, @Nullable String above, List<Item> to) throws BrokenException {
        if (!(value instanceof Map<?, ?> map
                && map.get("name") instanceof String name
                && !name.isEmpty()
                && map.get("result") instanceof String word)) {
            throw new BrokenException("has a result without a 'name' or a 'result': " + shown(value));
        }
        if (!WORDS.contains(word)) {
            throw new BrokenException("has the unknown result '" + word + "' for " + name + " (there are "
                    + String.join(", ", WORDS) + ")");
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
            throw new BrokenException("has a 'subresult' that is no list: " + shown(subresults));
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

    private static List<String> logs(@Nullable Object value) throws BrokenException {
        List<String> logs = new ArrayList<>();
        for (Object log : TestKeys.listOf(value)) {
            if (!(log instanceof String path && !path.isEmpty())) {
                throw new BrokenException("has a 'log' that is no path: " + shown(log));
            }
            logs.add(path);
        }
        return logs;
    }

    private Judgement store(List<Item> items) throws IOException {
        Item worst = items.getFirst();
        for (Item item : items) {
            if (!item.name.isEmpty()) {
                results.add(new ReportedResult(status(item), item.name, item.note, files(item), Map.of()));
            }
            worst = item.counts && WORDS.indexOf(item.word) > WORDS.indexOf(worst.word) ? item : worst;
        }
        String note = worst.note == null ? worst.word : worst.note;
        return new Judgement(
                Outcome.of(status(worst)), status(worst), worst.name.isEmpty() ? note : worst.name + ": " + note);
    }

    private static Status status(Item item) {
        return item.word.equals("pending") ? Status.ERROR : new Status(item.word);
    }

    /** They are below the test's data, and linked to where a part's files are. */
    private List<String> files(Item item) throws IOException {
        Map<String, Boolean> files = new LinkedHashMap<>();
        for (String log : item.logs) {
            Path source = artifacts.files().resolve(SafePath.of("data/" + log));
            Path target = artifacts.files().resolve(SafePath.ofFile(item.name, log));
            if (Files.isRegularFile(source) && !Files.exists(target)) {
                Files.createDirectories(target.resolveSibling(""));
                Files.createLink(target, source);
            }
            if (Files.isRegularFile(target)) {
                files.put(SafePath.of(log), true);
            }
        }
        return List.copyOf(files.keySet());
    }
}

package org.atex.jsonl;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.StreamCorruptedException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.BiConsumer;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.artifacts.TempBuffer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** Writes one YAML document per test. All text from a test is written as a double-quoted JSON string. */
final class YamlLayout implements Layout {
    private static final JsonFactory JSON = new JsonFactory();
    private static final String PLATFORM = "platform: ";
    private static final String NAME = "name: ";

    @Override
    public String begin() {
        return "---\n";
    }

    @Override
    public String end() {
        return "\n...\n";
    }

    @Override
    public TestWriter writer(TempBuffer to, TempBuffer scratch, Heading heading) {
        return new Document(to, scratch, heading);
    }

    @Override
    public void names(InputStream file, BiConsumer<String, String> platformAndTest) throws IOException {
        // Not closed: the caller closes the file.
        BufferedReader lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8));
        long number = 0;
        String platform = "";
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            number++;
            if (number == 1 && !line.equals("---")) {
                throw new StreamCorruptedException("line 1 is not the start of a YAML document, \"---\"");
            }
            if (line.startsWith(PLATFORM)) {
                platform = string(line.substring(PLATFORM.length()), number);
            } else if (line.startsWith(NAME)) {
                platformAndTest.accept(platform, string(line.substring(NAME.length()), number));
            }
        }
    }

    private static String string(String quoted, long line) throws IOException {
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), quoted)) {
            json.nextToken();
            return json.getString();
        } catch (JacksonException e) {
            throw new StreamCorruptedException("line " + line + " is not a valid string: " + e.getOriginalMessage());
        }
    }

    /**
     * Writes one document. The status, files and note of the test come before the subtests but are known only after the
     * last result, so the subtests are kept in the scratch buffer.
     */
    private static final class Document implements TestWriter {
        private final TempBuffer to;
        private final TempBuffer scratch;
        private final Heading heading;
        private @Nullable ReportedResult own;
        private @Nullable String ownStatus;

        Document(TempBuffer to, TempBuffer scratch, Heading heading) {
            this.to = to;
            this.scratch = scratch;
            this.heading = heading;
        }

        @Override
        public void add(ReportedResult result) throws IOException {
            Status status = result.status();
            String word = status == null ? null : status.word();
            if (result.name() != null) {
                subtest(result, word);
                return;
            }
            // The last result of the test itself is that of the document; earlier ones are written among the subtests.
            if (own != null) {
                subtest(own, ownStatus);
            }
            own = result;
            ownStatus = word;
        }

        @Override
        public void end() throws IOException {
            raw(to, "---\n" + PLATFORM);
            JsonText.string(to, heading.platform());
            raw(to, "\n" + NAME);
            JsonText.string(to, heading.test());
            raw(to, "\nstatus: ");
            JsonText.string(to, ownStatus);
            raw(to, "\nfiles: ");
            JsonText.strings(to, own == null ? List.of() : heading.listing().list(null, own.files()));
            raw(to, "\nnote: ");
            JsonText.string(to, own == null ? null : own.note());
            raw(to, scratch.size() == 0 ? "\nsubtests: []" : "\nsubtests:");
            scratch.writeTo(to);
            raw(to, "\n...\n");
        }

        private void subtest(ReportedResult result, @Nullable String word) throws IOException {
            raw(scratch, "\n  - {name: ");
            JsonText.string(scratch, result.name());
            raw(scratch, ", status: ");
            JsonText.string(scratch, word);
            raw(scratch, ", files: ");
            JsonText.strings(scratch, heading.listing().list(result.name(), result.files()));
            raw(scratch, ", note: ");
            JsonText.string(scratch, result.note());
            scratch.write('}');
        }

        private static void raw(TempBuffer to, String ascii) throws IOException {
            to.write(ascii.getBytes(StandardCharsets.US_ASCII));
        }
    }
}

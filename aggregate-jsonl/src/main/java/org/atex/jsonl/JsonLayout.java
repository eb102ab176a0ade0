package org.atex.jsonl;

import java.io.IOException;
import java.io.InputStream;
import java.io.StreamCorruptedException;
import java.util.function.BiConsumer;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.artifacts.TempBuffer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** Writes each result as a JSON array on a line of its own: platform, status, test, subtest, files, note. */
final class JsonLayout implements Layout {
    private static final JsonFactory JSON = new JsonFactory();

    @Override
    public String begin() {
        return "[";
    }

    @Override
    public String end() {
        return "\n";
    }

    @Override
    public TestWriter writer(TempBuffer to, TempBuffer scratch, Heading heading) {
        return new Lines(to, heading);
    }

    @Override
    public void names(InputStream file, BiConsumer<String, String> platformAndTest) throws IOException {
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), file)) {
            for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
                if (token != JsonToken.START_ARRAY) {
                    throw broken(json);
                }
                String platform = string(json);
                json.nextToken();
                String test = string(json);
                platformAndTest.accept(platform, test);
                skipRest(json);
            }
        } catch (JacksonException e) {
            throw new StreamCorruptedException(
                    "line " + e.getLocation().getLineNr() + " is not valid JSON: " + e.getOriginalMessage());
        }
    }

    private static String string(JsonParser json) throws IOException {
        if (json.nextToken() != JsonToken.VALUE_STRING) {
            throw broken(json);
        }
        return json.getString();
    }

    private static void skipRest(JsonParser json) {
        for (JsonToken token = json.nextToken(); token != JsonToken.END_ARRAY; token = json.nextToken()) {
            json.skipChildren();
        }
    }

    private static StreamCorruptedException broken(JsonParser json) {
        return new StreamCorruptedException(
                "line " + json.currentTokenLocation().getLineNr() + " is not an array of platform, status, test …");
    }

    private static final class Lines implements TestWriter {
        private final TempBuffer to;
        private final Heading heading;

        Lines(TempBuffer to, Heading heading) {
            this.to = to;
            this.heading = heading;
        }

        @Override
        public void add(ReportedResult result) throws IOException {
            Status status = result.status();
            to.write('[');
            JsonText.string(to, heading.platform());
            to.write(',');
            JsonText.string(to, status == null ? null : status.word());
            to.write(',');
            JsonText.string(to, heading.test());
            to.write(',');
            JsonText.string(to, result.name());
            to.write(',');
            JsonText.strings(to, heading.listing().list(result.name(), result.files()));
            to.write(',');
            JsonText.string(to, result.note());
            to.write(']');
            to.write('\n');
        }

        @Override
        public void end() {
            // Lines are complete in themselves.
        }
    }
}

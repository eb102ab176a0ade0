package org.atex.html;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The entries of a written page. */
record Written(String html, JsonNode entries) {
    private static final String BEGIN = "<script type=\"application/json\" id=\"data\">";

    static Written read(Path page) throws IOException {
        String html = Files.readString(page);
        int begin = html.indexOf(BEGIN) + BEGIN.length();
        return new Written(html, JsonMapper.shared().readTree(html.substring(begin, html.indexOf("</script>", begin))));
    }

    List<JsonNode> of(String kind) {
        List<JsonNode> all = new ArrayList<>();
        for (JsonNode entry : entries) {
            if (entry.path("k").asString().equals(kind)) {
                all.add(entry);
            }
        }
        return all;
    }

    JsonNode now() {
        return of("now").getFirst();
    }

    /** {@return the names of the tests, one for each attempt} */
    List<String> attempts() {
        List<JsonNode> tests = of("t");
        return of("a").stream()
                .map(attempt -> tests.get(attempt.path("i").asInt()).path("n").asString())
                .toList();
    }
}

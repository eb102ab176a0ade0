package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.atex.fmf.FmfKey.Fate;
import org.junit.jupiter.api.Test;

/** Compares the tables of keys in the documentation with the code. {@code -Ddocs.mend=true} writes them. */
class TmtDocsTest {
    private static final Path FILE = Path.of("../docs/tmt.md");
    private static final String BEGIN = "<!-- The tables are written by TmtDocsTest. -->\n";
    private static final String END = "<!-- Here they end. -->\n";

    private static String tables() {
        StringBuilder text = new StringBuilder();
        for (FmfKey.Where where : FmfKey.Where.values()) {
            List<FmfKey> keys =
                    FmfKey.all().stream().filter(key -> key.where() == where).toList();
            text.append("\n### ").append(where).append("\n\n| key | here | |\n|---|---|---|\n");
            for (Fate fate : Fate.values()) {
                keys.stream()
                        .filter(key -> key.fate() == fate)
                        .forEach(key -> text.append("| `")
                                .append(key.name())
                                .append("` | ")
                                .append(label(fate))
                                .append(" | ")
                                .append(key.words().replace("|", "\\|"))
                                .append(" |\n"));
            }
        }
        return text.append('\n').toString();
    }

    private static String label(Fate fate) {
        return switch (fate) {
            case HONOURED -> "honoured";
            case DATA -> "for the program";
            case NO_MEANING -> "changes nothing";
            case REFUSED -> "refused";
        };
    }

    @Test
    void hasTheTablesOfKeys() throws IOException {
        String text = Files.readString(FILE);
        int begin = text.indexOf(BEGIN) + BEGIN.length();
        int end = text.indexOf(END);
        assertThat(begin).as("the line %s in %s", BEGIN.strip(), FILE).isLessThanOrEqualTo(end);
        if (Boolean.getBoolean("docs.mend")) {
            Files.writeString(FILE, text.substring(0, begin) + tables() + text.substring(end));
        } else {
            assertThat(text.substring(begin, end)).isEqualTo(tables());
        }
    }
}

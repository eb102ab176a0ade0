package org.atex.all;

import static org.assertj.core.api.Assertions.assertThat;

import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.ImportOrderer;
import com.palantir.javaformat.java.JavaFormatterOptions;
import com.palantir.javaformat.java.JavaFormatterOptions.Style;
import com.palantir.javaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Checks that every source file has the format of palantir-java-format. This is a test instead of a Maven plug-in,
 * because the formatter needs a JDK that supports the language level, and the JDK of Maven may be older.
 */
class FormatTest {
    private static final boolean MEND = Boolean.getBoolean("format.mend");
    private static final Formatter FORMATTER = Formatter.createFormatter(
            JavaFormatterOptions.builder().style(Style.PALANTIR).build());

    @Test
    void everySourceFileIsFormatted() throws IOException, FormatterException {
        List<Path> others = new ArrayList<>();
        for (Path file : Sources.java()) {
            String source = Files.readString(file);
            String formatted = withDirectives(format(source));
            if (!formatted.equals(source)) {
                others.add(Sources.root().relativize(file));
                if (MEND) {
                    Files.writeString(file, formatted);
                }
            }
        }
        assertThat(MEND ? List.of() : others)
                .as("files with another format; 'mvn -pl all -am test -Dtest=FormatTest -Dformat.mend=true"
                        + " -Dsurefire.failIfNoSpecifiedTests=false' formats them")
                .isEmpty();
    }

    private static String format(String source) throws FormatterException {
        String ordered = ImportOrderer.reorderImports(source, Style.PALANTIR);
        return FORMATTER.formatSource(RemoveUnusedImports.removeUnusedImports(ordered));
    }

    /** Removes the space that the formatter inserts before directives of JBang, which JBang does not accept. */
    private static String withDirectives(String formatted) {
        return formatted.startsWith("/// usr/bin/env jbang")
                ? formatted.replaceAll("(?m)^(///?) (usr/bin/env|[A-Z_]+ )", "$1$2")
                : formatted;
    }
}

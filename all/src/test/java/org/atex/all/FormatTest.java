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
 * Every source file is formatted as palantir-java-format does it. A test and no plug-in, since the formatter must run on
 * a JDK that knows the language level, which the one that runs Maven may not.
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
                .as("files to be formatted; 'mvn -pl all -am test -Dtest=FormatTest -Dformat.mend=true"
                        + " -Dsurefire.failIfNoSpecifiedTests=false' does it")
                .isEmpty();
    }

    private static String format(String source) throws FormatterException {
        String ordered = ImportOrderer.reorderImports(source, Style.PALANTIR);
        return FORMATTER.formatSource(RemoveUnusedImports.removeUnusedImports(ordered));
    }

    /** JBang reads its directives only if there is no space in front, and the formatter puts one there. */
    private static String withDirectives(String formatted) {
        return formatted.startsWith("/// usr/bin/env jbang")
                ? formatted.replaceAll("(?m)^(///?) (usr/bin/env|[A-Z_]+ )", "$1$2")
                : formatted;
    }
}

package org.atex.fmf;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atex.fmf.tree.FmfBinary;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.representer.StandardRepresenter;

/** A test's metadata as the test itself can read them. */
final class Metadata {
    private static final DumpSettings SETTINGS = DumpSettings.builder()
            .setDefaultFlowStyle(FlowStyle.BLOCK)
            .setWidth(Integer.MAX_VALUE)
            .build();

    private Metadata() {}

    /** Writes what YAML 1.1 knows and 1.2 does not. */
    private static final class Representer extends StandardRepresenter {
        Representer() {
            super(SETTINGS);
            // Plain, as text that looks like a date is one to those who know dates.
            representers.put(LocalDate.class, date -> representScalar(Tag.STR, date.toString(), ScalarStyle.PLAIN));
            representers.put(
                    LocalDateTime.class,
                    time -> representScalar(
                            Tag.STR,
                            DateTimeFormatter.ISO_LOCAL_DATE_TIME.format((LocalDateTime) time),
                            ScalarStyle.PLAIN));
            representers.put(
                    FmfBinary.class,
                    binary -> representScalar(
                            Tag.BINARY,
                            Base64.getEncoder().encodeToString(((FmfBinary) binary).bytes()),
                            ScalarStyle.DOUBLE_QUOTED));
        }
    }

    static String yaml(FmfTest test) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        all.put("name", test.name());
        all.putAll(test.metadata());
        all.put("name", test.name());
        return new Dump(SETTINGS, new Representer()).dumpToString(all);
    }
}

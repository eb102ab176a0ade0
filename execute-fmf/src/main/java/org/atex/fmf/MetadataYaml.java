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

/** Writes the metadata of a test as YAML, for the test itself. */
final class MetadataYaml {
    private static final DumpSettings SETTINGS = DumpSettings.builder()
            .setDefaultFlowStyle(FlowStyle.BLOCK)
            .setWidth(Integer.MAX_VALUE)
            .build();

    private MetadataYaml() {}

    /** Writes the values that YAML 1.1 has a type for and YAML 1.2 has not: dates and binary data. */
    private static final class Representer extends StandardRepresenter {
        Representer() {
            super(SETTINGS);
            // Without quotes, so that YAML 1.1 parsers read a date.
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

    /** {@return the metadata with the name of the test as first key} */
    static String of(FmfTest test) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        all.put("name", test.name());
        all.putAll(test.metadata());
        all.put("name", test.name());
        return new Dump(SETTINGS, new Representer()).dumpToString(all);
    }
}

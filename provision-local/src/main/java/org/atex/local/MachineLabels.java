package org.atex.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What tests may ask of this machine. */
final class MachineLabels {
    private MachineLabels() {}

    /** {@return the labels of this machine} */
    static Map<String, String> read() {
        List<String> release;
        try {
            release = Files.readAllLines(Path.of("/etc/os-release"));
        } catch (IOException e) {
            release = List.of(); // not every system says what it is
        }
        return of(System.getProperty("os.name", ""), System.getProperty("os.arch", ""), release);
    }

    /**
     * {@return labels}
     *
     * @param os the system's name, as Java has it
     * @param arch the processor, as Java has it
     * @param release the lines of {@code /etc/os-release}
     */
    static Map<String, String> of(String os, String arch, List<String> release) {
        Map<String, String> labels = new HashMap<>();
        labels.put("os", os.toLowerCase(Locale.ROOT));
        labels.put("arch", arch.equals("amd64") ? "x86_64" : arch);
        Map<String, String> says = new HashMap<>();
        for (String line : release) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                says.put(line.substring(0, equals), unquoted(line.substring(equals + 1)));
            }
        }
        String id = says.get("ID");
        if (id != null) {
            String version = says.get("VERSION_ID");
            labels.put("distro", version == null ? id : id + "-" + version);
        }
        return Map.copyOf(labels);
    }

    private static String unquoted(String text) {
        String value = text.strip();
        boolean quoted = value.length() > 1
                && (value.startsWith("\"") || value.startsWith("'"))
                && value.endsWith(value.substring(0, 1));
        return quoted ? value.substring(1, value.length() - 1) : value;
    }
}

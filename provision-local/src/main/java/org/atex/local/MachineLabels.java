package org.atex.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Determines the labels of this machine. */
final class MachineLabels {
    private MachineLabels() {}

    /** {@return the labels of this machine} */
    static Map<String, String> read() {
        List<String> release;
        try {
            release = Files.readAllLines(Path.of("/etc/os-release"));
        } catch (IOException e) {
            release = List.of(); // the file is optional; without it there is no label distro
        }
        return of(System.getProperty("os.name", ""), System.getProperty("os.arch", ""), release);
    }

    /**
     * {@return the labels {@code os}, {@code arch} and, if known, {@code distro}}
     *
     * @param os the system property {@code os.name}
     * @param arch the system property {@code os.arch}
     * @param release the lines of {@code /etc/os-release}
     */
    static Map<String, String> of(String os, String arch, List<String> release) {
        Map<String, String> labels = new HashMap<>();
        labels.put("os", os.toLowerCase(Locale.ROOT));
        labels.put("arch", arch.equals("amd64") ? "x86_64" : arch);
        Map<String, String> values = new HashMap<>();
        for (String line : release) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                values.put(line.substring(0, equals), unquoted(line.substring(equals + 1)));
            }
        }
        String id = values.get("ID");
        if (id != null) {
            String version = values.get("VERSION_ID");
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

package org.atex.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.atex.api.Capability;

/** Determines the labels of this machine. */
final class MachineLabels {
    private MachineLabels() {}

    /** {@return the labels of this machine} */
    static Map<String, String> read() {
        Map<String, String> labels = new HashMap<>(
                of(System.getProperty("os.name", ""), System.getProperty("os.arch", ""), lines("/etc/os-release")));
        labels.put(Capability.CPUS, String.valueOf(Runtime.getRuntime().availableProcessors()));
        long memory = Math.min(totalMemory(), memoryLimit());
        if (memory < Long.MAX_VALUE) {
            labels.put(Capability.MEMORY, (memory >> 20) + " MiB");
        }
        labels.put(Capability.ROOT, yesIf("root".equals(System.getProperty("user.name"))));
        labels.put(Capability.SYSTEMD, yesIf(Files.isDirectory(Path.of("/run/systemd/system"))));
        labels.put(Capability.VIRTUALIZATION, yesIf(Files.isWritable(Path.of("/dev/kvm"))));
        labels.put(Capability.REBOOT, "no");
        labels.put(Capability.RESET, "no");
        labels.put(Capability.THROWAWAY, "no");
        return Map.copyOf(labels);
    }

    private static String yesIf(boolean is) {
        return is ? "yes" : "no";
    }

    /** {@return the lines of a file that may be missing} */
    private static List<String> lines(String file) {
        try {
            return Files.readAllLines(Path.of(file));
        } catch (IOException e) {
            return List.of(); // labels that come from the file are missing
        }
    }

    /** {@return the bytes of memory, or the maximum if they are not known} */
    private static long totalMemory() {
        return lines("/proc/meminfo").stream()
                .filter(line -> line.startsWith("MemTotal:"))
                .map(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElse(Long.MAX_VALUE);
    }

    /** {@return the bytes that the control group allows, or the maximum} */
    private static long memoryLimit() {
        return Stream.of("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
                .flatMap(file -> lines(file).stream())
                .filter(line -> !line.equals("max"))
                .map(Long::parseLong)
                .findFirst()
                .orElse(Long.MAX_VALUE);
    }

    /**
     * {@return the labels {@code os}, {@code arch} and, if known, {@code distro} and {@code distro-version}}
     *
     * @param os the system property {@code os.name}
     * @param arch the system property {@code os.arch}
     * @param release the lines of {@code /etc/os-release}
     */
    static Map<String, String> of(String os, String arch, List<String> release) {
        Map<String, String> labels = new HashMap<>();
        labels.put("os", os.toLowerCase(Locale.ROOT));
        labels.put(Capability.ARCH, arch.equals("amd64") ? "x86_64" : arch);
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
            labels.put(Capability.DISTRO, version == null ? id : id + "-" + version);
            if (version != null) {
                labels.put(Capability.DISTRO_VERSION, version);
            }
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

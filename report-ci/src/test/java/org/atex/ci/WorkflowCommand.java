package org.atex.ci;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A workflow command, read as the runner of GitHub Actions does: white space before it is ignored, properties are
 * separated by commas, and escapes are decoded one kind after another, the percent sign last.
 */
record WorkflowCommand(String name, Map<String, String> properties, String data) {
    private static final String MARK = "::";

    static @Nullable WorkflowCommand read(String line) {
        String text = line.stripLeading();
        int end = text.startsWith(MARK) ? text.indexOf(MARK, MARK.length()) : -1;
        if (end < 0) {
            return null;
        }
        String[] command = text.substring(MARK.length(), end).split(" ", 2);
        Map<String, String> properties = new LinkedHashMap<>();
        for (String property :
                command.length < 2 ? new String[0] : command[1].strip().split(",")) {
            String[] pair = property.split("=", 2);
            if (pair.length == 2 && !pair[1].isEmpty()) {
                properties.put(
                        pair[0],
                        decoded(pair[1].replace("%0D", "\r")
                                .replace("%0A", "\n")
                                .replace("%3A", ":")
                                .replace("%2C", ",")));
            }
        }
        String data = text.substring(end + MARK.length());
        return new WorkflowCommand(
                command[0], properties, decoded(data.replace("%0D", "\r").replace("%0A", "\n")));
    }

    private static String decoded(String text) {
        return text.replace("%25", "%");
    }
}

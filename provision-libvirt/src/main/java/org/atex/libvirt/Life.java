package org.atex.libvirt;

import java.util.UUID;
import org.atex.api.Command;
import org.atex.api.Connection;

/**
 * The marks of a life of a system, from its start or reset to the next one. A mark is written to the disk of the system,
 * where a reset that keeps the disk leaves it.
 *
 * @param found the mark that was there at the begin, or an empty text
 * @param written the mark that was written then, or an empty text if that failed
 */
record Life(String found, String written) {
    /** The file with the mark. */
    static final String MARK = "/var/tmp/.atex-life";

    private static final String BEGIN = """
        cat "$2" 2>/dev/null
        echo
        printf %s "$1" >"$2" && { sync -f "$2" 2>/dev/null || sync; } && echo "$1"
        """;

    /** Reads the mark of a system and writes another one. */
    static Life begin(Connection system) throws InterruptedException {
        String mark = UUID.randomUUID().toString();
        String output = system.run(Command.bash(BEGIN, mark, MARK)).stdout();
        int line = output.indexOf('\n');
        String found = output.substring(0, Math.max(0, line)).strip();
        return new Life(found, output.substring(line + 1).strip().equals(mark) ? mark : "");
    }
}

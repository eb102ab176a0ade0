package org.atex.fmf;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.atex.api.Command;
import org.atex.api.Connection;

/** Knows which packages a system has. For one thread. */
final class Packages {
    /** Prints each of its arguments that is no installed package; exit code 3 if nobody can tell. */
    private static final String MISSING = """
            if command -v rpm >/dev/null && rpm -q --quiet bash; then
                for name; do rpm -q --quiet --whatprovides "$name" 2>/dev/null || printf '%s\\n' "$name"; done
            elif command -v dpkg-query >/dev/null; then
                for name; do
                    [[ $(dpkg-query -W -f '${db:Status-Status}\\n' "$name" 2>/dev/null) == *installed* ]] ||
                        printf '%s\\n' "$name"
                done
            else
                exit 3
            fi
            """;

    private final Connection connection;
    private final Set<String> installed = new HashSet<>();

    Packages(Connection connection) {
        this.connection = connection;
    }

    /** {@return why not all of these packages are there, or empty} */
    String whyMissing(List<String> names) throws InterruptedException {
        List<String> unknown = new ArrayList<>(names);
        unknown.removeAll(installed);
        if (unknown.isEmpty()) {
            return "";
        }
        var result = connection.run(Command.bash(MISSING, unknown.toArray(String[]::new)));
        if (!result.succeeded()) {
            return "it requires " + unknown + ", and the system has neither rpm nor dpkg-query to ask: " + result.end();
        }
        List<String> missing = result.stdout().lines().toList();
        if (!missing.isEmpty()) {
            return "it requires " + missing + ", which the system does not have: install them in a prepare script";
        }
        installed.addAll(unknown);
        return "";
    }
}

package org.atex.libvirt;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds and removes the virtual machines and files of runs. */
final class Sweep {
    private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);

    /** Prints a line for each directory of a run, and one for each domain with a lease. */
    private static final String LIST = """
        for file in "$ATEX_DIR"/*/owner; do
            [[ -f $file ]] || continue
            { read -r owner; read -r deadline; } <"$file"
            file=${file%/owner}
            echo "${file##*/} ${owner:--} ${deadline:--}"
        done
        find "$ATEX_DIR" -mindepth 1 -maxdepth 1 -name '.new-*' -mmin +60 -exec rm -rf {} + 2>/dev/null
        names=$(v list --all --name) || exit
        attribute() { [[ $lease =~ (^|[[:space:]])$1=[\\"\\']([^\\"\\']*) ]] && echo "${BASH_REMATCH[2]:--}" || echo -; }
        while read -r name; do
            [[ $name == atex-* ]] || continue
            lease=$(v metadata "$name" "$1" 2>/dev/null) || continue
            echo "$(attribute run) $(attribute owner) $(attribute deadline) $name"
        done <<<"$names"
        """;

    private static final String REMOVE = """
        run=$1
        shift
        code=0
        for name; do ended "$name" || code=1; done
        if ((code == 0)); then rm -rf "$ATEX_DIR/$run"; fi
        exit $code
        """;

    private Sweep() {}

    /**
     * Removes everything of the runs whose lease is selected.
     *
     * @param selected selects leases
     * @return the names of the removed domains, and the runs whose files were removed
     */
    static List<String> remove(LibvirtHost host, Predicate<Lease> selected) throws InterruptedException {
        Map<String, Set<String>> domains = new TreeMap<>();
        for (String line : host.run("list the virtual machines", LIST, DomainXml.METADATA)
                .lines()
                .toList()) {
            String[] fields = line.split(" ", 4);
            // Directories of others are left alone.
            if (fields.length < 3 || !fields[0].matches("[0-9a-f]{8}")) {
                continue;
            }
            if (selected.test(new Lease(fields[1], fields[0], fields[2]))) {
                Set<String> names = domains.computeIfAbsent(fields[0], run -> new TreeSet<>());
                if (fields.length == 4) {
                    names.add(fields[3]);
                }
            }
        }
        List<String> removed = new ArrayList<>();
        for (Map.Entry<String, Set<String>> entry : domains.entrySet()) {
            List<String> arguments = new ArrayList<>(List.of(entry.getKey()));
            arguments.addAll(entry.getValue());
            LOG.info("removing the virtual machines {} and the files of the run {}", entry.getValue(), entry.getKey());
            var unused = host.run(
                    "remove the virtual machines of the run " + entry.getKey(),
                    REMOVE,
                    arguments.toArray(String[]::new));
            removed.addAll(entry.getValue());
            removed.add(entry.getKey());
        }
        return removed;
    }
}

package org.atex.fmf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A section of a plan's {@code prepare} or {@code finish}: an action on each system before its first test, or after its
 * last. Immutable.
 */
public sealed interface Phase {
    /** The order of a phase without {@code order}. */
    int DEFAULT_ORDER = 50;

    /** {@return the name; by default {@code default-0}, {@code default-1} and so on, by the position in the plan} */
    String name();

    /** {@return the order; phases with a lower one run first, those with the same one as written} */
    int order();

    /**
     * Runs shell scripts; {@code how: shell}. Their background processes run until the system is finished.
     *
     * @param name the name
     * @param order the order
     * @param scripts scripts for bash, each run with {@code set -e -o pipefail}
     */
    record Shell(String name, int order, List<String> scripts) implements Phase {
        /** Copies the list. */
        public Shell {
            scripts = List.copyOf(scripts);
        }
    }

    /**
     * Installs packages in one transaction; {@code how: install}.
     *
     * @param name the name
     * @param order the order
     * @param packages names, or anything else that the system's package manager accepts: paths, URLs, globs, groups,
     *     {@code name >= 1.0}
     * @param directories directories with package files, relative to the tree; all of the files are installed
     * @param coprs Copr repositories to enable first, such as {@code owner/project}
     * @param excludes packages to leave out, by name or glob
     * @param optional whether packages that are not available are left out; {@code missing: skip}
     * @param checkFirst whether installed packages are not passed to the package manager
     */
    record Install(
            String name,
            int order,
            List<String> packages,
            List<String> directories,
            List<String> coprs,
            List<String> excludes,
            boolean optional,
            boolean checkFirst)
            implements Phase {
        /** Copies the lists. */
        public Install {
            packages = List.copyOf(packages);
            directories = List.copyOf(directories);
            coprs = List.copyOf(coprs);
            excludes = List.copyOf(excludes);
        }
    }

    /**
     * Enables or disables features of the distribution; {@code how: feature}.
     *
     * @param name the name
     * @param order the order
     * @param features {@code epel}, {@code crb} and {@code fips}, with the value {@code enabled} or {@code disabled}
     */
    record Feature(String name, int order, Map<String, String> features) implements Phase {
        /** Copies the map. */
        public Feature {
            features = Collections.unmodifiableMap(new LinkedHashMap<>(features));
        }
    }

    /**
     * Runs Ansible playbooks on the system itself; {@code how: ansible}.
     *
     * @param name the name
     * @param order the order
     * @param playbooks paths relative to the tree, URLs, or playbooks of collections, such as
     *     {@code ns.collection.name}
     * @param extraArguments further arguments of {@code ansible-playbook}, as one line of shell words
     */
    record Ansible(String name, int order, List<String> playbooks, String extraArguments) implements Phase {
        /** Copies the list. */
        public Ansible {
            playbooks = List.copyOf(playbooks);
        }
    }
}

package org.atex.fmf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One section of a plan's {@code prepare} or {@code finish}: something that is done to each system before its first test,
 * or after its last. Immutable.
 */
public sealed interface Phase {
    /** The order of a phase that says none. */
    int DEFAULT_ORDER = 50;

    /** {@return its name; {@code default-0}, {@code default-1} … by its place in the plan, if it was given none} */
    String name();

    /** {@return when it has its turn: lower ones go first, equal ones as they are written} */
    int order();

    /**
     * Runs scripts; {@code how: shell}. What they leave running in the background lives until the system is finished with.
     *
     * @param name its name
     * @param order when it has its turn
     * @param scripts what bash runs, each with {@code set -e -o pipefail}
     */
    record Shell(String name, int order, List<String> scripts) implements Phase {
        /** Copies the list. */
        public Shell {
            scripts = List.copyOf(scripts);
        }
    }

    /**
     * Installs packages, all in one transaction; {@code how: install}.
     *
     * @param name its name
     * @param order when it has its turn
     * @param packages names, and whatever else the system's package manager takes: paths, URLs, globs, groups,
     *     {@code name >= 1.0}
     * @param directories directories with package files, relative to the tree; all of them are installed
     * @param coprs Copr repositories that are enabled before, such as {@code owner/project}
     * @param excludes packages, or globs of them, that are left out
     * @param optional whether packages that cannot be had are left out; {@code missing: skip}
     * @param checkFirst whether packages that are installed already are left alone
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
     * Switches features of the distribution on or off; {@code how: feature}.
     *
     * @param name its name
     * @param order when it has its turn
     * @param features {@code epel}, {@code crb}, {@code fips}, each {@code enabled} or {@code disabled}
     */
    record Feature(String name, int order, Map<String, String> features) implements Phase {
        /** Copies the map. */
        public Feature {
            features = Collections.unmodifiableMap(new LinkedHashMap<>(features));
        }
    }

    /**
     * Applies Ansible playbooks; {@code how: ansible}. The system applies them to itself.
     *
     * @param name its name
     * @param order when it has its turn
     * @param playbooks paths relative to the tree, URLs, or playbooks of collections, such as {@code ns.collection.name}
     * @param extraArguments further arguments of {@code ansible-playbook}, as a shell takes them apart
     */
    record Ansible(String name, int order, List<String> playbooks, String extraArguments) implements Phase {
        /** Copies the list. */
        public Ansible {
            playbooks = List.copyOf(playbooks);
        }
    }
}

package org.atex.adhoc;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.atex.api.RunEvent;
import org.atex.api.SystemInfo;
import org.jspecify.annotations.Nullable;

/**
 * The platforms that results name.
 *
 * @param ofRun the platform of the run, and of tests that never ran
 * @param provisioners the names of provisioners that are platforms
 */
record Platforms(String ofRun, Set<String> provisioners) {
    /**
     * {@return the platforms of a run}
     *
     * @param given the platform that the program set for the whole run, or null
     * @param provisioners the provisioners of the run
     */
    static Platforms of(@Nullable String given, List<NamedProvisioner> provisioners) {
        if (given != null) {
            return new Platforms(given, Set.of());
        }
        Set<String> named = provisioners.stream()
                .filter(NamedProvisioner::isNamed)
                .map(NamedProvisioner::name)
                .collect(Collectors.toUnmodifiableSet());
        boolean one = provisioners.size() == 1 && named.size() == 1;
        return new Platforms(one ? named.iterator().next() : RunEvent.RunStarted.DEFAULT_PLATFORM, named);
    }

    /** {@return the platform of an attempt on a system; null means that the attempt never began} */
    String of(@Nullable SystemInfo system) {
        return system != null && provisioners.contains(system.provisioner()) ? system.provisioner() : ofRun;
    }
}

package org.atex.ssh;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import org.atex.api.ProvisioningException;
import org.jspecify.annotations.Nullable;

/** Where the hosts of a provisioner are. Its lock guards all of this. */
final class HostPool {
    final List<PooledHost> members = new ArrayList<>();
    final Queue<PooledHost> free = new ArrayDeque<>();
    final Map<PooledHost, Thread> connecting = new LinkedHashMap<>();
    final Queue<SshRemote> ready = new ArrayDeque<>();
    final Queue<ProvisioningException> failed = new ArrayDeque<>();

    /** What is handed out, and what is being given back. */
    final Set<SshRemote> taken = new HashSet<>();

    /** Threads that wait for the end of a quarantine. */
    final Set<Thread> waiting = new HashSet<>();

    /** Threads whose connecting was cancelled or failed; closing waits for them. */
    final Set<Thread> leaving = new HashSet<>();

    /** A failure that is told if the source has no other host. */
    @Nullable
    ProvisioningException unreported;

    private final Map<String, Integer> names = new HashMap<>();

    void add(Host host) {
        PooledHost member = new PooledHost(host);
        members.add(member);
        free(member);
    }

    void free(PooledHost member) {
        member.state = PooledHost.State.FREE;
        free.add(member);
    }

    void leave(@Nullable Thread thread) {
        leaving.removeIf(other -> !other.isAlive());
        if (thread != null) {
            leaving.add(thread);
        }
    }

    /** {@return a name that no system had yet} */
    String nextName(Host host) {
        int number = names.merge(host.name(), 1, Integer::sum);
        return number == 1 ? host.name() : host.name() + "#" + number;
    }

    boolean allGivenUp() {
        return members.stream().allMatch(member -> member.state == PooledHost.State.GIVEN_UP);
    }

    List<QuarantinedHost> outOfService() {
        return members.stream()
                .filter(PooledHost::isOutOfService)
                .map(PooledHost::report)
                .toList();
    }
}

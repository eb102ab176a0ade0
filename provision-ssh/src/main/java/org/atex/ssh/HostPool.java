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

/**
 * The hosts of a provisioner by their state. Not thread-safe: the lock of the provisioner guards all fields and
 * methods.
 */
final class HostPool {
    /** All hosts that were taken from the source, in any state. */
    final List<PooledHost> members = new ArrayList<>();

    final Queue<PooledHost> free = new ArrayDeque<>();

    /** Hosts that are being connected to, with the thread that does it. */
    final Map<PooledHost, Thread> connecting = new LinkedHashMap<>();

    /** Connected systems that no caller has taken yet. */
    final Queue<SshRemote> ready = new ArrayDeque<>();

    /** Failures to offer. */
    final Queue<ProvisioningException> failed = new ArrayDeque<>();

    /** Systems that are handed out or being given back. */
    final Set<SshRemote> taken = new HashSet<>();

    /** Threads that wait for the end of a quarantine; closing interrupts them. */
    final Set<Thread> waiting = new HashSet<>();

    /**
     * Threads of cancelled or failed connection attempts. Closing waits for them, so that none outlives the
     * provisioner.
     */
    final Set<Thread> leaving = new HashSet<>();

    /** The last failure that was not offered, as another host may take its place; offered if the source has none. */
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

    /** Remembers the thread of a connection attempt that is ending, and forgets those that have ended. */
    void leave(@Nullable Thread thread) {
        leaving.removeIf(other -> !other.isAlive());
        if (thread != null) {
            leaving.add(thread);
        }
    }

    /**
     * {@return a name for the next system on a host: the host's name, from the second time on with {@code #2} and so
     * on}
     */
    String nextName(Host host) {
        int number = names.merge(host.name(), 1, Integer::sum);
        return number == 1 ? host.name() : host.name() + "#" + number;
    }

    boolean allGivenUp() {
        return members.stream().allMatch(member -> member.state == PooledHost.State.GIVEN_UP);
    }

    /** {@return the hosts that are quarantined or given up} */
    List<QuarantinedHost> outOfService() {
        return members.stream()
                .filter(PooledHost::isOutOfService)
                .map(PooledHost::report)
                .toList();
    }
}

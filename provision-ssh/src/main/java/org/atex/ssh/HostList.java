package org.atex.ssh;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Hosts that are all known beforehand. */
final class HostList implements HostSource {
    private final String name;
    private final HostQueue queue;
    private final Map<String, String> offers;

    /** Takes hosts that differ, at least one. */
    HostList(String name, List<Host> hosts) {
        this.name = name;
        this.queue = new HostQueue(name);
        hosts.forEach(queue::add);
        queue.end("there are no other hosts in " + name + " than its " + hosts.size());
        Map<String, String> common = new HashMap<>(hosts.getFirst().labels());
        hosts.forEach(host -> common.entrySet().retainAll(host.labels().entrySet()));
        this.offers = Map.copyOf(common);
    }

    @Override
    public Next take(Duration atMost) throws InterruptedException {
        return queue.take(atMost);
    }

    @Override
    public void giveBack(Host host, boolean healthy) {
        queue.giveBack(host, healthy);
    }

    @Override
    public Map<String, String> labels() {
        return offers;
    }

    @Override
    public void close() {
        queue.close();
    }

    @Override
    public String toString() {
        return name;
    }
}

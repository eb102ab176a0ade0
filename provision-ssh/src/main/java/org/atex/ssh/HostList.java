package org.atex.ssh;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A source with a fixed list of hosts. Thread-safe. */
final class HostList implements HostSource {
    private final String name;
    private final HostQueue queue;
    private final Map<String, String> commonLabels;

    /**
     * Creates a source.
     *
     * @param name the name in messages
     * @param hosts at least one host, each machine once
     */
    HostList(String name, List<Host> hosts) {
        this.name = name;
        this.queue = new HostQueue(name);
        hosts.forEach(queue::add);
        queue.end("there are no hosts in " + name + " beyond its " + hosts.size());
        Map<String, String> common = new HashMap<>(hosts.getFirst().labels());
        hosts.forEach(host -> common.entrySet().retainAll(host.labels().entrySet()));
        this.commonLabels = Map.copyOf(common);
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
        return commonLabels;
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

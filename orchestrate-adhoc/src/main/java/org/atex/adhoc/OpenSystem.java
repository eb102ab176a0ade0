package org.atex.adhoc;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Remote;
import org.atex.api.SystemInfo;
import org.jspecify.annotations.Nullable;

/** A system of the pool with its connection and executor. Confined to the thread of the {@link Pool}. */
final class OpenSystem {
    final PoolSystem.Facts facts;
    private volatile SystemInfo info;
    final Remote remote;
    final Connection connection;
    /** The calls that run tests on this system, by slot. */
    final Map<Integer, Guard.Call<?>> calls = new HashMap<>();

    Guard.@Nullable Call<?> preparation;
    /** Set while the system is ready. */
    @Nullable
    Executor executor;

    /** The command that opens a shell on it, known when it is ready. */
    volatile List<String> login = List.of();
    /** A file whose deletion frees this system, while it is held; or null. */
    @Nullable
    Path marker;

    /** The address by which other systems reach it; empty if no test needs it. */
    final String address;

    final long askedAt;

    OpenSystem(
            PoolSystem.Facts facts,
            String provisioner,
            Remote remote,
            Connection connection,
            String address,
            long askedAt) {
        this.address = address;
        this.askedAt = askedAt;
        this.facts = facts;
        this.info = new SystemInfo(facts.name(), provisioner, facts.host(), facts.labels());
        this.remote = remote;
        this.connection = connection;
    }

    int id() {
        return facts.id();
    }

    String name() {
        return info.name();
    }

    SystemInfo info() {
        return info;
    }

    /** Adds a label to the description of this system, before a test runs on it. Callable from any thread. */
    void describe(String label, String value) {
        Map<String, String> labels = new HashMap<>(info.labels());
        labels.put(label, value);
        info = new SystemInfo(info.name(), info.provisioner(), info.host(), labels);
    }

    Executor executor() {
        return Objects.requireNonNull(executor, "the system is not ready");
    }
}

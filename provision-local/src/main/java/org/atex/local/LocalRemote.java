package org.atex.local;

import java.util.Map;
import java.util.function.Consumer;
import org.atex.api.Connection;
import org.atex.api.Remote;

/** This machine as a system. Safe for use from any thread. */
final class LocalRemote implements Remote {
    private final String name;
    private final Map<String, String> labels;
    private final Consumer<LocalRemote> onClosed;
    private final LocalConnection connection = LocalConnection.open();

    LocalRemote(String name, Map<String, String> labels, Consumer<LocalRemote> onClosed) {
        this.name = name;
        this.labels = labels;
        this.onClosed = onClosed;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Map<String, String> labels() {
        return labels;
    }

    @Override
    public Connection connection() {
        return connection;
    }

    @Override
    public void close() {
        try {
            connection.close();
        } finally {
            onClosed.accept(this);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}

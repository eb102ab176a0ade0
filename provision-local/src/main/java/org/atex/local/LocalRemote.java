package org.atex.local;

import java.util.Map;
import java.util.function.Consumer;
import org.atex.api.Connection;
import org.atex.api.Remote;

/** This machine, handed out as one system. */
final class LocalRemote implements Remote {
    private final String name;
    private final Map<String, String> labels;
    private final Consumer<LocalRemote> whenClosed;
    private final LocalConnection connection = LocalConnection.open();

    LocalRemote(String name, Map<String, String> labels, Consumer<LocalRemote> whenClosed) {
        this.name = name;
        this.labels = labels;
        this.whenClosed = whenClosed;
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
            whenClosed.accept(this);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}

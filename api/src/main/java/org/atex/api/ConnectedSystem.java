package org.atex.api;

/** A system that consists of a connection alone; see {@link Remote#of}. */
record ConnectedSystem(Connection connection) implements Remote {
    @Override
    public String name() {
        return connection.toString();
    }

    @Override
    public void close() {
        connection.close();
    }
}

package org.atex.api;

/** A system of which only its connection is known: {@link Remote#of}. */
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

package org.atex.testkit;

import java.util.function.Function;
import org.atex.api.Connection;

/** The contract of the connection under test. */
final class BrokenConnectionContract extends FakeConnectionContract {
    /** Creates the connection under test from a correct one. */
    static Function<FakeConnection, DelegatingConnection> tested = DelegatingConnection::new;

    @Override
    protected Connection connect() {
        return tested.apply((FakeConnection) super.connect());
    }

    @Override
    protected void lose(Connection broken) {
        DelegatingConnection same = (DelegatingConnection) broken;
        same.lost = true;
        super.lose(same.good);
    }
}

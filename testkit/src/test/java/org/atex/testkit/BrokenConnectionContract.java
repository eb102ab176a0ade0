package org.atex.testkit;

import java.util.function.Function;
import org.atex.api.Connection;

/** The contract of whatever connection is set. */
final class BrokenConnectionContract extends FakeConnectionContract {
    /** What makes it of a good one. */
    static Function<FakeConnection, SameConnection> tested = SameConnection::new;

    @Override
    protected Connection connect() {
        return tested.apply((FakeConnection) super.connect());
    }

    @Override
    protected void lose(Connection broken) {
        SameConnection same = (SameConnection) broken;
        same.lost = true;
        super.lose(same.good);
    }
}

package org.atex.fmf;

import java.time.Duration;

/** The same over ssh with tests that run detached, and do not wait long for a server that is gone. */
class DetachedExecutorContractTest extends FmfExecutorOverSshTest {
    @Override
    FmfOptions options() {
        return FmfOptions.defaults().withDetached(DetachedOptions.defaults().withPickedUpWithin(Duration.ofSeconds(1)));
    }
}

package org.atex.fmf;

import java.time.Duration;

/** The contract over ssh with detached tests, and a short limit for restoring a connection. */
class DetachedExecutorContractTest extends FmfExecutorOverSshTest {
    @Override
    FmfOptions options() {
        return FmfOptions.defaults().withDetached(DetachedOptions.defaults().withPickedUpWithin(Duration.ofSeconds(1)));
    }
}

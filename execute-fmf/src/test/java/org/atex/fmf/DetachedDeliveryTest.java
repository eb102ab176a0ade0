package org.atex.fmf;

/** The same for tests that outlive their connections. */
class DetachedDeliveryTest extends DeliveryTest {
    @Override
    FmfOptions options() {
        return FmfOptions.defaults().withDetached(DetachedOptions.defaults());
    }
}

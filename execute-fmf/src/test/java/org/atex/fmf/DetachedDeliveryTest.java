package org.atex.fmf;

/** The delivery of reports of detached tests. */
class DetachedDeliveryTest extends DeliveryTest {
    @Override
    FmfOptions options() {
        return FmfOptions.defaults().withDetached(DetachedOptions.defaults());
    }
}

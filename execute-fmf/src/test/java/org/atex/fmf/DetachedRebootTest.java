package org.atex.fmf;

/** Reboots by detached tests. */
class DetachedRebootTest extends RebootTest {
    @Override
    FmfOptions options() {
        return FmfOptions.defaults().withDetached(DetachedOptions.defaults());
    }
}

package org.atex.fmf;

/** The same with tests that run detached. */
class DetachedRebootTest extends RebootTest {
    @Override
    FmfOptions options() {
        return FmfOptions.defaults().withDetached(DetachedOptions.defaults());
    }
}

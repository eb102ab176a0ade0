package org.atex.fmf;

/** The same with tests that run detached. */
class DetachedEndingTest extends EndingTest {
    @Override
    FmfOptions options() {
        return FmfOptions.defaults().withDetached(Detached.defaults());
    }
}

package org.atex.fmf;

/** The end of a detached test; lost connections are tested by {@link DetachedTest}. */
class DetachedEndingTest extends EndingRules {
    @Override
    FmfOptions options() {
        return FmfOptions.defaults().withDetached(DetachedOptions.defaults());
    }
}

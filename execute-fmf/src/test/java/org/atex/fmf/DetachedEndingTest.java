package org.atex.fmf;

/** Nothing of a detached test goes on; what a lost connection does is in {@link DetachedTest}. */
class DetachedEndingTest extends EndingRules {
    @Override
    FmfOptions options() {
        return FmfOptions.defaults().withDetached(DetachedOptions.defaults());
    }
}

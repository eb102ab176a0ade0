package org.atex.fmf;

import java.io.IOException;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/** What a test's metadata make of how it ended. For one test, and for one thread. */
interface Interpretation {
    /** {@return one that leaves everything as it is} */
    static Interpretation none() {
        return new Interpretation() {};
    }

    /**
     * Looks for a verdict where neither the control stream nor the exit code has it, such as a file that the test left. Only
     * asked of tests that ended by themselves.
     *
     * @param end how the test ended by its exit code
     * @param reported whether it reported anything of itself or its parts
     * @return the verdict, or null if there is none elsewhere
     * @throws IOException if something cannot be stored on this machine
     */
    default @Nullable Judgement found(TestEnd end, boolean reported) throws IOException {
        return null;
    }

    /**
     * Has the last word, after the user's rule.
     *
     * @param finding how the test ended by everything else
     * @return how it ended
     */
    default Judgement last(Judgement finding) {
        return finding;
    }
}

package org.atex.fmf;

import java.io.IOException;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/** Interprets the end of a test by its metadata. An instance serves one test and is not thread-safe. */
interface Interpretation {
    /** {@return an interpretation that changes nothing} */
    static Interpretation none() {
        return new Interpretation() {};
    }

    /**
     * Reads a judgement from another source than the control stream and the exit code, such as a file of the test.
     * Called only for tests that ended by themselves.
     *
     * @param end the end of the test by its exit code
     * @param reported whether the test reported a result about itself or a part
     * @return the judgement, or null if there is no other source
     * @throws IOException if a file cannot be read or stored on this machine
     */
    default @Nullable Judgement findJudgement(TestEnd end, boolean reported) throws IOException {
        return null;
    }

    /**
     * Interprets a judgement, after the user's {@link OutcomeRule}.
     *
     * @param judgement the judgement so far
     * @return the final judgement
     */
    default Judgement interpret(Judgement judgement) {
        return judgement;
    }
}

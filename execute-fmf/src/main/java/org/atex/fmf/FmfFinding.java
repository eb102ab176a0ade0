package org.atex.fmf;

import java.util.List;
import java.util.Map;
import org.atex.fmf.FmfKey.Fate;

/**
 * What a check of a tree finds of one plan or test. Immutable.
 *
 * @param kind whether it is a plan or a test
 * @param name its name
 * @param state what would become of it
 * @param words why it is refused or not run; else what it comes to, perhaps nothing
 * @param keys its keys that the format knows, by what becomes of them
 * @param others its keys that the format does not know: they are the user's own
 * @param warnings what is probably a mistake, with file and line
 */
public record FmfFinding(
        Kind kind,
        String name,
        State state,
        String words,
        Map<Fate, List<String>> keys,
        List<String> others,
        List<String> warnings) {
    /** What it is about. */
    public enum Kind {
        /** A plan. */
        PLAN,
        /** A test. */
        TEST
    }

    /** What would become of it. */
    public enum State {
        /** It can be run. */
        TAKEN,
        /** It says that it is not to be run here. */
        DISABLED,
        /** It cannot be run before something is changed. */
        REFUSED
    }
}

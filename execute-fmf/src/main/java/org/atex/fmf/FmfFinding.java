package org.atex.fmf;

import java.util.List;
import java.util.Map;
import org.atex.fmf.FmfKey.Fate;

/**
 * A finding of {@link FmfDiscovery#lint} about one plan or test. Immutable.
 *
 * @param kind whether this is a plan or a test
 * @param name the name of the plan or test
 * @param state whether it can run
 * @param words the reason if it is refused or disabled; otherwise a summary, which may be empty
 * @param keys its keys that the format defines, by their treatment
 * @param others its keys that the format does not define, which belong to the user
 * @param warnings probable mistakes, with file and line
 */
public record FmfFinding(
        Kind kind,
        String name,
        State state,
        String words,
        Map<Fate, List<String>> keys,
        List<String> others,
        List<String> warnings) {
    /** The kind of a node. */
    public enum Kind {
        /** A plan. */
        PLAN,
        /** A test. */
        TEST
    }

    /** The result of the check. */
    public enum State {
        /** It can run. */
        TAKEN,
        /** Its metadata disable it in this context. */
        DISABLED,
        /** It cannot run: its metadata have an error, or use a key that is not supported. */
        REFUSED
    }
}

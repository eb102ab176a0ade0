package org.atex.html;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The kinds of {@linkplain Entries entries}. */
enum EntryKind {
    TEST("t"),
    SYSTEM("y"),
    ATTEMPT("a"),
    RUN("r"),
    END("z"),
    FORMER_RUN("f"),
    MISSING_TESTS("g"),
    EVENT("e"),
    /** The last entry of a page. It is not in a journal. */
    NOW("now");

    /** The key of the kind, which is the first key of an entry. */
    static final String KEY = "k";

    private static final Map<String, EntryKind> BY_LETTERS =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(kind -> kind.letters, Function.identity()));

    /** The value of {@link #KEY}. */
    final String letters;

    EntryKind(String letters) {
        this.letters = letters;
    }

    /** {@return the kind of an entry in a journal, or null if it is none} */
    static @Nullable EntryKind inJournal(String letters) {
        EntryKind kind = BY_LETTERS.get(letters);
        return kind == NOW ? null : kind;
    }
}

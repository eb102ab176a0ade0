package org.atex.fmf.tree;

import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.atex.fmf.tree.FmfException.Kind;
import org.jspecify.annotations.Nullable;

/** A regular expression with the syntax and the semantics of Python's {@code re}. Immutable. */
final class PyRegex {
    private final String source;
    private final Pattern pattern;
    private final PyRegexTranslator.Groups groups;

    /** A variant of {@link #pattern} that does not match the empty text. Compiled on first use. */
    private volatile @Nullable Pattern nonEmpty;

    private PyRegex(String source, Pattern pattern, PyRegexTranslator.Groups groups) {
        this.source = source;
        this.pattern = pattern;
        this.groups = groups;
    }

    /**
     * {@return the compiled expression}
     *
     * @throws FmfException if the expression is invalid, with a caret under the place of the error
     */
    static PyRegex compile(String source) {
        var translation = PyRegexTranslator.translate(source);
        try {
            return new PyRegex(source, Pattern.compile(translation.pattern()), translation.groups());
        } catch (PatternSyntaxException | StackOverflowError e) {
            throw new FmfException(Kind.INVALID_VALUE, "Invalid regular expression \"" + source + "\"", e);
        }
    }

    /** {@return whether the expression matches anywhere in the text, like {@code re.search}} */
    boolean find(String text) {
        return bounded(text, counted -> pattern.matcher(counted).find());
    }

    /** {@return whether the expression matches at the start of the text, like {@code re.match}} */
    boolean matchesStart(String text) {
        return bounded(text, counted -> pattern.matcher(counted).lookingAt());
    }

    /** {@return a match at the start of the text, or null} */
    @Nullable
    Matcher start(String text) {
        var matcher = pattern.matcher(text);
        return matcher.lookingAt() ? matcher : null;
    }

    /** {@return the text with all matches replaced by a template in Python's syntax, like {@code re.sub}} */
    String replaceAll(String text, String template) {
        var replacement = PyTemplate.parse(template, groups);
        return bounded(text, counted -> replaceAll(text, counted, replacement));
    }

    private String replaceAll(String text, CharSequence counted, PyTemplate replacement) {
        var matcher = pattern.matcher(counted);
        var out = new StringBuilder();
        var copied = 0;
        var from = 0;
        while (from <= text.length() && matcher.find(from)) {
            out.append(text, copied, matcher.start());
            replacement.append(matcher, out);
            Limits.checkText(out.length());
            copied = matcher.end();
            from = copied;
            if (matcher.end() == matcher.start()) {
                var next = nonEmptyAt(counted, from);
                if (next != null) {
                    replacement.append(next, out);
                    copied = next.end();
                    from = copied;
                } else {
                    from += from < text.length() ? Character.charCount(text.codePointAt(from)) : 1;
                }
            }
        }
        return out.append(text, copied, text.length()).toString();
    }

    /** Finds a non-empty match at a position. After an empty match, Python tries this before it moves on. */
    private @Nullable Matcher nonEmptyAt(CharSequence text, int from) {
        var again = nonEmpty;
        if (again == null) {
            again = Pattern.compile("(?:" + pattern.pattern() + ")(?!\\G)");
            nonEmpty = again;
        }
        var matcher = again.matcher(text)
                .useTransparentBounds(true)
                .useAnchoringBounds(false)
                .region(from, text.length());
        return matcher.lookingAt() ? matcher : null;
    }

    /** Runs a search with a bound on backtracking. Java's matcher recurses, so deep nesting can overflow the stack. */
    private <T> T bounded(String text, Function<CharSequence, T> search) {
        try {
            return search.apply(new CountingSequence(text, source));
        } catch (StackOverflowError e) {
            throw new FmfException(
                    Kind.LIMIT, "The regular expression \"" + source + "\" is too deeply nested for its text");
        }
    }

    @Override
    public String toString() {
        return source;
    }

    /** Counts the characters read by the matcher, and fails above a limit: ends catastrophic backtracking. */
    private static final class CountingSequence implements CharSequence {
        private final String text;
        private final String source;
        private int steps;

        CountingSequence(String text, String source) {
            this.text = text;
            this.source = source;
        }

        @Override
        public char charAt(int position) {
            if (++steps > Limits.PATTERN_STEPS) {
                throw Limits.exceeded(
                        "Backtracking in the regular expression \"" + source + "\"", Limits.PATTERN_STEPS);
            }
            return text.charAt(position);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.substring(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }
}

package org.atex.fmf.tree;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.atex.fmf.tree.FmfException.Kind;

/**
 * Parses conditions as Python fmf does.
 *
 * <p>Its special cases are kept, because existing metadata depend on them: a term that begins with {@code true} is true
 * whatever follows, and {@code =} means {@code ==}.
 */
final class ConditionParser {
    private static final PyRegex LITERAL = PyRegex.compile("(true|false)");
    private static final PyRegex COMPARISON =
            PyRegex.compile("([\\w-]+)\\s*(<|~<|<=|~<=|==|~=|!=|~!=|>=|~>=|>|~>|~|!~)\\s*([^=].*)");
    private static final PyRegex DEFINED = PyRegex.compile("([\\w-]+)\\s*is( not)? defined");
    private static final Pattern OR = word("or");
    private static final Pattern AND = word("and");

    // Python's \b. Java's \b also counts combining marks as parts of words.
    private static Pattern word(String word) {
        var part = PyRegexClass.category('w', false);
        return Pattern.compile("(?<!" + part + ")" + word + "(?!" + part + ")");
    }

    private final String source;

    /** The source with each single {@code =} doubled. */
    private final StringBuilder text = new StringBuilder();

    /** The position in the source of each character of {@link #text}, for error messages. */
    private final int[] places;

    ConditionParser(String source) {
        this.source = source;
        this.places = new int[source.length() * 2 + 1];
        for (var i = 0; i < source.length(); i++) {
            append(source.charAt(i), i);
            if (isSingleEqualSign(i)) {
                append('=', i);
            }
        }
        places[text.length()] = source.length();
    }

    private void append(char c, int place) {
        places[text.length()] = place;
        text.append(c);
    }

    private boolean isSingleEqualSign(int i) {
        return source.charAt(i) == '='
                && (i == 0 || "=!~<>".indexOf(source.charAt(i - 1)) < 0)
                && (i + 1 == source.length() || source.charAt(i + 1) != '=');
    }

    Condition parse() {
        var groups = new ArrayList<List<Condition.Term>>();
        for (var group : split(OR, 0, text.length())) {
            var terms = new ArrayList<Condition.Term>();
            for (var term : split(AND, group[0], group[1])) {
                terms.add(term(term[0], term[1]));
            }
            groups.add(List.copyOf(terms));
        }
        return new Condition(List.copyOf(groups));
    }

    private List<int[]> split(Pattern word, int start, int end) {
        // Transparent bounds: the look-around of the word boundary must see the characters outside the region.
        var pieces = new ArrayList<int[]>();
        var matcher = word.matcher(text)
                .useAnchoringBounds(false)
                .useTransparentBounds(true)
                .region(start, end);
        var from = start;
        while (matcher.find()) {
            pieces.add(new int[] {from, matcher.start()});
            from = matcher.end();
        }
        pieces.add(new int[] {from, end});
        return pieces;
    }

    private Condition.Term term(int from, int to) {
        var start = from;
        while (start < to && PyRegexClass.isSpace(text.charAt(start))) {
            start++;
        }
        var end = to;
        while (end > start && PyRegexClass.isSpace(text.charAt(end - 1))) {
            end--;
        }
        if (start == end) {
            throw invalid(start, "expected an expression here");
        }
        var piece = text.substring(start, end);
        var literal = LITERAL.start(piece);
        if (literal != null) {
            return new Condition.Literal(piece.startsWith("true"));
        }
        var comparison = COMPARISON.start(piece);
        if (comparison != null) {
            return new Condition.Comparison(comparison.group(1), comparison.group(2), values(comparison.group(3)));
        }
        var defined = DEFINED.start(piece);
        if (defined != null) {
            return new Condition.Defined(defined.group(1), defined.group(2) == null);
        }
        throw invalid(start, "expected \"dimension operator value\", \"dimension is defined\", true or false");
    }

    private static List<Version> values(String text) {
        return Arrays.stream(text.split(",", -1))
                .map(value -> Version.of(PyRegexClass.strip(value)))
                .toList();
    }

    private FmfException invalid(int at, String what) {
        return new FmfException(Kind.INVALID_RULE, "Invalid condition, " + what + ":\n" + caret(source, places[at]));
    }

    /** {@return two indented lines: the line of the source that holds a position, and a caret under the position} */
    static String caret(String source, int place) {
        var start = source.lastIndexOf('\n', place - 1) + 1;
        var end = source.indexOf('\n', Math.max(start, place));
        var line = source.substring(start, end < 0 ? source.length() : end);
        return "  " + line + "\n  " + " ".repeat(line.codePointCount(0, Math.min(line.length(), place - start))) + "^";
    }
}

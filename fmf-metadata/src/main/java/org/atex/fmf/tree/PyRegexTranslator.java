package org.atex.fmf.tree;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.atex.fmf.tree.FmfException.Kind;

/**
 * Translates a Python regular expression to an equivalent one in Java's syntax.
 *
 * <p>Java's predefined classes, boundaries and anchors differ in details, such as the characters of a word and the ends
 * of lines. They are replaced by explicit classes and look-around; only groups, quantifiers and plain characters are
 * kept.
 */
final class PyRegexTranslator {
    // The translator recurses once per group.
    private static final int MAX_DEPTH = 200;

    private final PyRegexReader in;
    private final StringBuilder out = new StringBuilder();

    /**
     * The groups that conditional groups test, by Python's numbers.
     *
     * <p>Java has no conditional groups. Each tested group gets an empty helper group at its end; a back reference to
     * the helper matches if and only if the group took part in the match.
     */
    private final Set<Integer> tested;

    /** The tested groups found in this pass; they are known in advance only in a second pass. */
    private final Set<Integer> testedSeen = new HashSet<>();

    /** The Java numbers of the helper groups. */
    private final Map<Integer, Integer> helpers = new HashMap<>();

    /** Java's numbers of the groups, which differ from Python's once there are helpers. */
    private final Map<Integer, Integer> javaNumbers = new HashMap<>();

    /** The widths of the groups that are closed: only these can be referred to. */
    private final Map<Integer, Width> closed = new HashMap<>();

    private final Map<String, Integer> names = new HashMap<>();
    private int count;
    private int javaCount;
    private boolean caseless;
    private boolean caselessAscii;

    /** The groups of an expression: their count and names, and Java's number for each of Python's numbers. */
    record Groups(int count, Map<String, Integer> names, Map<Integer, Integer> javaNumbers) {
        int javaNumber(int number) {
            return javaNumbers.getOrDefault(number, number);
        }
    }

    record Translation(String pattern, Groups groups) {}

    /** The minimum and maximum number of characters that a part matches: a look-behind needs a fixed width. */
    private record Width(long min, long max) {
        static final Width NONE = new Width(0, 0);
        static final Width ONE = new Width(1, 1);
        static final long MANY = Integer.MAX_VALUE;

        Width then(Width next) {
            return new Width(Math.min(MANY, min + next.min), Math.min(MANY, max + next.max));
        }

        Width or(Width other) {
            return new Width(Math.min(min, other.min), Math.max(max, other.max));
        }

        Width times(long least, long most) {
            return new Width(Math.min(MANY, min * least), max == 0 ? 0 : Math.min(MANY, max * most));
        }
    }

    /** The flags in force for a part of an expression. Case-insensitivity is left to Java's own flag. */
    private record Flags(boolean multiline, boolean dotAll, boolean verbose, boolean ascii) {}

    private PyRegexTranslator(String source, Set<Integer> tested) {
        this.in = new PyRegexReader(source);
        this.tested = tested;
    }

    static Translation translate(String source) {
        // A conditional group can precede the group that it tests, so the tested groups are known after one pass only.
        var translator = new PyRegexTranslator(source, Set.of());
        var translation = translator.translate();
        return translator.testedSeen.isEmpty()
                ? translation
                : new PyRegexTranslator(source, translator.testedSeen).translate();
    }

    static boolean isAsciiLetter(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private Translation translate() {
        alternatives(globalFlags(), 0);
        if (!in.atEnd()) {
            throw in.bad("unbalanced parenthesis");
        }
        for (var group : testedSeen) {
            if (group > count) {
                throw in.bad("invalid group reference " + group);
            }
        }
        var body = out.toString();
        var prefix = caseless ? (caselessAscii ? "(?i)" : "(?iu)") : "";
        return new Translation(prefix + body, new Groups(count, names, javaNumbers));
    }

    /** Reads the flags of the whole expression, which must be at its start. */
    private Flags globalFlags() {
        var flags = new Flags(false, false, false, false);
        while (in.at("(?")) {
            if (in.skipComment()) {
                continue;
            }
            var start = in.position();
            in.skip(2);
            var letters = in.takeWhile("aiLmsux");
            if (letters.isEmpty() || !in.take(')')) {
                in.position(start);
                break;
            }
            in.checkFlags(letters);
            caseless |= letters.contains("i");
            flags = with(flags, letters, true);
        }
        caselessAscii = flags.ascii;
        return flags;
    }

    private static Flags with(Flags flags, String letters, boolean on) {
        return new Flags(
                letters.contains("m") ? on : flags.multiline,
                letters.contains("s") ? on : flags.dotAll,
                letters.contains("x") ? on : flags.verbose,
                letters.contains("a") ? on : !letters.contains("u") && flags.ascii);
    }

    private Width alternatives(Flags flags, int depth) {
        if (depth > MAX_DEPTH) {
            throw Limits.exceeded("The nesting of a regular expression", MAX_DEPTH);
        }
        var width = branch(flags, depth);
        while (in.take('|')) {
            out.append('|');
            width = width.or(branch(flags, depth));
        }
        return width;
    }

    private Width branch(Flags flags, int depth) {
        var total = Width.NONE;
        var last = Width.NONE;
        var repeatable = false;
        while (!in.atEnd() && !in.at("|") && !in.at(")")) {
            if ((flags.verbose && in.skipVerbose()) || in.skipComment()) {
                continue;
            }
            // The width of an atom is added only after its quantifier, if any, is known.
            var quantifier = in.quantifier();
            if (quantifier != null) {
                if (!repeatable) {
                    throw in.bad("nothing to repeat, or multiple repeat");
                }
                out.append(quantifier.java());
                last = last.times(quantifier.min(), quantifier.max());
                repeatable = false;
                continue;
            }
            total = total.then(last);
            repeatable = !in.at("^") && !in.at("$") && !in.atBoundary();
            last = atom(flags, depth);
        }
        return total.then(last);
    }

    private Width atom(Flags flags, int depth) {
        var c = in.next();
        switch (c) {
            case '.' -> out.append(flags.dotAll ? "(?s:.)" : "[^\\n]");
            case '^' -> out.append(flags.multiline ? "(?<![^\\n])" : "\\A");
            case '$' -> out.append(flags.multiline ? "(?=\\n|\\z)" : "(?=\\n?\\z)");
            case '[' -> out.append(new PyRegexClass(in, flags.ascii).translate());
            case '(' -> {
                return parenthesis(flags, depth + 1);
            }
            case '\\' -> {
                return escape(flags);
            }
            default -> PyRegexClass.appendLiteral(out, c);
        }
        return c == '^' || c == '$' ? Width.NONE : Width.ONE;
    }

    private Width escape(Flags flags) {
        var c = in.peek();
        var word = PyRegexClass.category('w', flags.ascii);
        switch (c) {
            case 'A' -> out.append("\\A");
            case 'Z' -> out.append("\\z");
            case 'b' -> out.append("(?:(?<=W)(?!W)|(?<!W)(?=W))".replace("W", word));
            case 'B' -> out.append("(?:(?<=W)(?=W)|(?<!W)(?!W)(?!(?<![\\s\\S])\\z))".replace("W", word));
            case 'd', 'D', 's', 'S', 'w', 'W' -> {
                in.next();
                out.append(PyRegexClass.category((char) c, flags.ascii));
                return Width.ONE;
            }
            default -> {
                var group = in.groupReference();
                if (group > 0) {
                    return reference(group);
                }
                PyRegexClass.appendLiteral(out, in.escapedCharacter(false));
                return Width.ONE;
            }
        }
        in.next();
        return Width.NONE;
    }

    private Width reference(int group) {
        var width = closed.get(group);
        if (width == null) {
            throw in.bad(group > count ? "invalid group reference " + group : "cannot refer to an open group");
        }
        // In a group of its own, so that a digit that follows is not read as part of the number.
        out.append("(?:\\").append(javaNumbers.getOrDefault(group, group)).append(')');
        return width;
    }

    private Width parenthesis(Flags flags, int depth) {
        if (!in.take('?')) {
            return capture(flags, depth);
        }
        var c = in.next();
        return switch (c) {
            case 'P' -> named(flags, depth);
            case ':' -> group("(?:", flags, depth);
            case '>' -> group("(?>", flags, depth);
            case '=' -> look("(?=", flags, depth);
            case '!' -> look("(?!", flags, depth);
            case '<' -> lookBehind(flags, depth);
            case '(' -> conditional(flags, depth);
            default -> {
                in.back();
                yield flagged(flags, depth);
            }
        };
    }

    private Width capture(Flags flags, int depth) {
        var number = ++count;
        javaNumbers.put(number, ++javaCount);
        out.append('(');
        var asked = tested.contains(number);
        out.append(asked ? "(?:" : "");
        var width = alternatives(flags, depth);
        if (asked) {
            out.append(")()");
            helpers.put(number, ++javaCount);
        }
        close();
        closed.put(number, width);
        return width;
    }

    private Width named(Flags flags, int depth) {
        if (in.take('=')) {
            return reference(known(in.name(')')));
        }
        if (!in.take('<')) {
            throw in.bad("unknown extension ?P");
        }
        var name = in.name('>');
        if (names.putIfAbsent(name, count + 1) != null) {
            throw in.bad("redefinition of group \"" + name + "\"");
        }
        return capture(flags, depth);
    }

    private int known(String name) {
        var number = names.get(name);
        if (number == null) {
            throw in.bad("unknown group \"" + name + "\"");
        }
        return number;
    }

    private Width group(String open, Flags flags, int depth) {
        out.append(open);
        var width = alternatives(flags, depth);
        close();
        return width;
    }

    private Width look(String open, Flags flags, int depth) {
        group(open, flags, depth);
        return Width.NONE;
    }

    private Width lookBehind(Flags flags, int depth) {
        var open = in.take('=') ? "(?<=" : in.take('!') ? "(?<!" : "";
        if (open.isEmpty()) {
            throw in.bad("unknown extension ?<");
        }
        var width = group(open, flags, depth);
        if (width.min != width.max || width.max == Width.MANY) {
            throw in.bad("look-behind requires fixed-width pattern");
        }
        return Width.NONE;
    }

    private Width conditional(Flags flags, int depth) {
        var name = in.until(')');
        var index = PyInt.parse(name);
        var number = index == null ? known(name) : index.bitLength() > 31 ? Integer.MAX_VALUE : index.intValue();
        if (number <= 0) {
            throw in.bad("bad group number");
        }
        testedSeen.add(number);
        var helper = helpers.getOrDefault(number, number);
        out.append("(?:(?:\\").append(helper).append(')');
        var width = branch(flags, depth);
        out.append("|(?!\\").append(helper).append(')');
        width = width.or(in.take('|') ? branch(flags, depth) : Width.NONE);
        if (in.at("|")) {
            throw in.bad("conditional backref with more than two branches");
        }
        close();
        return width;
    }

    private Width flagged(Flags flags, int depth) {
        var on = in.takeWhile("aiLmsux");
        var off = in.take('-') ? in.takeWhile("imsx") : "";
        if (in.at(")")) {
            throw in.bad("global flags not at the start of the expression");
        }
        if (!in.take(':') || (on.isEmpty() && off.isEmpty())) {
            throw in.bad("unknown extension, or missing :");
        }
        in.checkFlags(on);
        if (on.chars().anyMatch(c -> off.indexOf(c) >= 0)) {
            throw in.bad("flag turned on and off");
        }
        var inner = with(with(flags, on, true), off, false);
        var open = on.contains("i") ? (inner.ascii ? "(?i:" : "(?iu:") : off.contains("i") ? "(?-i:" : "(?:";
        return group(open, inner, depth);
    }

    private void close() {
        if (!in.take(')')) {
            throw in.bad("missing ), unterminated subpattern");
        }
        out.append(')');
    }

    /** {@return an error that shows the expression with a caret under a position} */
    static FmfException invalid(String source, int at, String what) {
        return new FmfException(
                Kind.INVALID_VALUE,
                "Invalid regular expression, " + what + ":\n"
                        + ConditionParser.caret(source, Math.min(at, source.length())));
    }
}

package org.atex.fmf.tree;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.atex.fmf.tree.YamlToken.Kind;

/**
 * Takes a YAML text apart, as the library does that the reference uses.
 *
 * <p>That is YAML 1.1 with a stricter eye on blanks and tabs. Parsers for YAML 1.2 take other texts for valid, and some
 * for other values, so none of them would do.
 */
final class YamlScanner {
    /** So long, in one line, may a key be that has no {@code ?} in front. */
    private static final int LONGEST_KEY = 1024;

    /** No plain text begins with these. */
    private static final String INDICATORS = "-?:,[]{}#&*!|>'\"%@`";

    private static final String URI = "-_;/?:@&=+$,.!~*'()[]";

    private final YamlInput in;
    private final YamlTextScanner texts;
    private final List<YamlToken> queue = new ArrayList<>();
    private int head;
    private int taken;
    private boolean ended;

    /** The column of the innermost block collection. */
    private int indent = -1;

    private final Deque<Integer> indents = new ArrayDeque<>();

    /** What may turn out to be a key, in each of the flow collections around this place. */
    private final List<Candidate> candidates = new ArrayList<>(List.of(new Candidate()));

    private boolean keyAllowed = true;

    /** Something that is a key if a colon follows. */
    private static final class Candidate {
        private boolean possible;
        private boolean required;
        private int number;
        private int at;
        private int line;
        private int column;
    }

    YamlScanner(YamlInput in) {
        this.in = in;
        this.texts = new YamlTextScanner(in);
    }

    /** {@return the next token, which stays the next one} */
    YamlToken peek() {
        while (needsMore()) {
            fetch();
        }
        return queue.get(head);
    }

    /** {@return the next token} */
    YamlToken next() {
        var token = peek();
        head++;
        taken++;
        if (head == queue.size()) {
            queue.clear();
            head = 0;
        }
        return token;
    }

    /** A token whose neighbour may make it a key has to wait for that. */
    private boolean needsMore() {
        if (head == queue.size()) {
            return true;
        }
        forgetOldCandidates();
        for (var candidate : candidates) {
            if (candidate.possible && candidate.number == taken) {
                return true;
            }
        }
        return false;
    }

    private boolean inFlow() {
        return candidates.size() > 1;
    }

    private Candidate candidate() {
        return candidates.getLast();
    }

    private void add(Kind kind) {
        add(kind, "", "");
    }

    private void add(Kind kind, String value, String handle) {
        queue.add(new YamlToken(kind, in.position(), in.line(), value, handle));
    }

    private void fetch() {
        if (ended) {
            add(Kind.STREAM_END);
            return;
        }
        skipToToken();
        forgetOldCandidates();
        if (in.atEnd()) {
            in.beginLine();
            leaveBlocks(-1);
            forgetCandidate();
            keyAllowed = false;
            ended = true;
            add(Kind.STREAM_END);
            return;
        }
        leaveBlocks(in.column());
        var c = in.peek();
        if (in.column() == 0 && (c == '%' || in.atDocumentMark())) {
            leaveBlocks(-1);
            forgetCandidate();
            keyAllowed = false;
            if (c == '%') {
                directive();
            } else {
                add(c == '-' ? Kind.DOCUMENT_START : Kind.DOCUMENT_END);
                in.skip(3);
            }
            return;
        }
        fetch(c);
    }

    private void fetch(char c) {
        switch (c) {
            case '[' -> openFlow(Kind.FLOW_SEQUENCE_START);
            case '{' -> openFlow(Kind.FLOW_MAPPING_START);
            case ']' -> closeFlow(Kind.FLOW_SEQUENCE_END);
            case '}' -> closeFlow(Kind.FLOW_MAPPING_END);
            case ',' -> {
                forgetCandidate();
                keyAllowed = true;
                add(Kind.FLOW_ENTRY);
                in.skip();
            }
            case '*' -> name(Kind.ALIAS);
            case '&' -> name(Kind.ANCHOR);
            case '!' -> tag();
            case '\'', '"' -> quoted(c);
            default -> {
                if (c == '-' && in.isBlankOrEnd(1)) {
                    blockEntry();
                } else if (c == '?' && (inFlow() || in.isBlankOrEnd(1))) {
                    key();
                } else if (c == ':' && (inFlow() || in.isBlankOrEnd(1))) {
                    value();
                } else if ((c == '|' || c == '>') && !inFlow()) {
                    block();
                } else if (c == '-' || ((c == '?' || c == ':') && !inFlow()) || !isIndicator(c)) {
                    plain();
                } else {
                    throw in.error("nothing begins with this character. Quote it if it is meant as text");
                }
            }
        }
    }

    private static boolean isIndicator(char c) {
        return YamlInput.isBlankOrEnd(c) || INDICATORS.indexOf(c) >= 0;
    }

    /** Tabs separate, except where they could be taken for indentation. */
    private void skipToToken() {
        while (true) {
            if (in.column() == 0 && in.peek() == '\ufeff') {
                in.skip();
            }
            while (in.peek() == ' ' || (in.peek() == '\t' && (inFlow() || !keyAllowed))) {
                in.skip();
            }
            if (in.peek() == '#') {
                texts.skipComment();
            }
            if (!in.atBreak()) {
                return;
            }
            in.readBreak();
            keyAllowed |= !inFlow();
        }
    }

    private void rememberCandidate() {
        if (!keyAllowed) {
            return;
        }
        forgetCandidate();
        var candidate = candidate();
        candidate.possible = true;
        candidate.required = !inFlow() && indent == in.column();
        candidate.number = taken + queue.size() - head;
        candidate.at = in.position();
        candidate.line = in.line();
        candidate.column = in.column();
    }

    private void forgetCandidate() {
        forget(candidate());
    }

    private void forget(Candidate candidate) {
        if (candidate.possible && candidate.required) {
            throw in.error("this should be a key, followed by \":\"", candidate.at);
        }
        candidate.possible = false;
    }

    private void forgetOldCandidates() {
        for (var candidate : candidates) {
            if (candidate.possible && (candidate.line < in.line() || isFar(candidate.at))) {
                forget(candidate);
            }
        }
    }

    private boolean isFar(int at) {
        return in.position() - at > LONGEST_KEY && in.distance(at, in.position()) > LONGEST_KEY;
    }

    /** Opens a block collection, if there is none yet at this column. */
    private void enterBlock(Kind kind) {
        if (!inFlow() && indent < in.column()) {
            indents.push(indent);
            indent = in.column();
            add(kind);
        }
    }

    private void leaveBlocks(int column) {
        while (!inFlow() && indent > column) {
            add(Kind.BLOCK_END);
            indent = indents.pop();
        }
    }

    private void openFlow(Kind kind) {
        if (candidates.size() > Limits.VALUE_DEPTH) {
            throw Limits.exceeded("The nesting of collections", Limits.VALUE_DEPTH);
        }
        rememberCandidate();
        candidates.add(new Candidate());
        keyAllowed = true;
        add(kind);
        in.skip();
    }

    private void closeFlow(Kind kind) {
        forgetCandidate();
        if (inFlow()) {
            candidates.removeLast();
        }
        keyAllowed = false;
        add(kind);
        in.skip();
    }

    private void blockEntry() {
        if (!inFlow()) {
            if (!keyAllowed) {
                throw in.error("no list can begin here");
            }
            enterBlock(Kind.BLOCK_SEQUENCE_START);
        }
        forgetCandidate();
        keyAllowed = true;
        add(Kind.BLOCK_ENTRY);
        in.skip();
    }

    private void key() {
        if (!inFlow()) {
            if (!keyAllowed) {
                throw in.error("no key can be here");
            }
            enterBlock(Kind.BLOCK_MAPPING_START);
        }
        forgetCandidate();
        keyAllowed = !inFlow();
        add(Kind.KEY);
        in.skip();
    }

    private void value() {
        var key = candidate();
        if (key.possible) {
            makeKey(key);
            keyAllowed = false;
        } else {
            if (!inFlow()) {
                if (!keyAllowed) {
                    throw in.error("no value can begin here. Quote the text if the colon is part of it");
                }
                enterBlock(Kind.BLOCK_MAPPING_START);
            }
            keyAllowed = !inFlow();
        }
        add(Kind.VALUE);
        in.skip();
    }

    /** The tokens that say so belong in front of what was scanned since. */
    private void makeKey(Candidate key) {
        var place = key.number - taken + head;
        if (!inFlow() && indent < key.column) {
            indents.push(indent);
            indent = key.column;
            queue.add(place++, new YamlToken(Kind.BLOCK_MAPPING_START, key.at, key.line, "", ""));
        }
        queue.add(place, new YamlToken(Kind.KEY, key.at, key.line, "", ""));
        key.possible = false;
    }

    private void name(Kind kind) {
        rememberCandidate();
        keyAllowed = false;
        var start = in.position();
        var line = in.line();
        in.skip();
        var name = names();
        var c = in.peek();
        if (name.isEmpty() || !(YamlInput.isBlankOrEnd(c) || "?:,]}%@`".indexOf(c) >= 0)) {
            throw in.error(
                    "an anchor or alias is a name of ASCII letters, digits, - and _. Quote it if it is text", start);
        }
        queue.add(new YamlToken(kind, start, line, name, ""));
    }

    private String names() {
        var start = in.position();
        while (YamlInput.isNamePart(in.peek())) {
            in.skip();
        }
        return in.substring(start, in.position());
    }

    private void tag() {
        rememberCandidate();
        keyAllowed = false;
        var start = in.position();
        var line = in.line();
        var handle = "";
        String suffix;
        if (in.peek(1) == '<') {
            in.skip(2);
            suffix = nonEmptyUri();
            if (in.peek() != '>') {
                throw in.error("the tag has to end with >");
            }
            in.skip();
        } else {
            in.skip();
            var name = names();
            if (in.peek() == '!') {
                in.skip();
                handle = "!" + name + "!";
                suffix = nonEmptyUri();
            } else {
                suffix = uri(name);
                handle = suffix.isEmpty() ? "" : "!";
                suffix = suffix.isEmpty() ? "!" : suffix;
            }
        }
        if (!in.isBlankOrEnd(0)) {
            throw in.error("the tag has to be followed by a blank");
        }
        queue.add(new YamlToken(Kind.TAG, start, line, suffix, handle));
    }

    private String nonEmptyUri() {
        var uri = uri("");
        if (uri.isEmpty()) {
            throw in.error("the tag has no name");
        }
        return uri;
    }

    private String uri(String begun) {
        var text = new StringBuilder(begun);
        for (var c = in.peek(); YamlInput.isNamePart(c) || URI.indexOf(c) >= 0 || c == '%'; c = in.peek()) {
            if (c == '%') {
                var high = Character.digit(in.peek(1), 16);
                var low = Character.digit(in.peek(2), 16);
                if (high < 0 || low < 0) {
                    throw in.error("expected two hexadecimal digits after %");
                }
                text.append((char) (high * 16 + low));
                in.skip(3);
            } else {
                text.append(c);
                in.skip();
            }
        }
        return text.toString();
    }

    private void block() {
        forgetCandidate();
        keyAllowed = true;
        var start = in.position();
        var line = in.line();
        queue.add(new YamlToken(Kind.QUOTED, start, line, texts.block(indent), ""));
    }

    private void quoted(char quote) {
        rememberCandidate();
        keyAllowed = false;
        var start = in.position();
        var line = in.line();
        queue.add(new YamlToken(Kind.QUOTED, start, line, texts.quoted(quote), ""));
    }

    private void plain() {
        rememberCandidate();
        keyAllowed = false;
        var start = in.position();
        var line = in.line();
        queue.add(new YamlToken(Kind.PLAIN, start, line, texts.plain(indent + 1, inFlow()), ""));
        keyAllowed |= texts.brokeLine();
    }

    private void directive() {
        var start = in.position();
        var line = in.line();
        in.skip();
        switch (names()) {
            case "YAML" -> {
                skipBlanks();
                queue.add(new YamlToken(Kind.VERSION_DIRECTIVE, start, line, version(), ""));
            }
            case "TAG" -> {
                skipBlanks();
                var handle = upToBlank();
                skipBlanks();
                if (!handle.matches("!|![-_0-9A-Za-z]*!")) {
                    throw in.error("a tag directive names a handle like !e!, and a prefix", start);
                }
                queue.add(new YamlToken(Kind.TAG_DIRECTIVE, start, line, nonEmptyUri(), handle));
            }
            default -> throw in.error("there is no such directive", start);
        }
        if (!in.isBlankOrEnd(0)) {
            throw in.error("the directive should end here");
        }
        skipBlanks();
        if (in.peek() == '#') {
            texts.skipComment();
        }
        if (!in.atEnd() && !in.atBreak()) {
            throw in.error("the directive should end here");
        }
        if (in.atBreak()) {
            in.readBreak();
        }
    }

    private void skipBlanks() {
        while (in.atBlank()) {
            in.skip();
        }
    }

    private String upToBlank() {
        var start = in.position();
        while (!in.isBlankOrEnd(0)) {
            in.skip();
        }
        return in.substring(start, in.position());
    }

    private String version() {
        var start = in.position();
        var version = upToBlank();
        if (!version.matches("[0-9]{1,9}\\.[0-9]{1,9}")) {
            throw in.error("a version is like 1.1", start);
        }
        return version;
    }
}

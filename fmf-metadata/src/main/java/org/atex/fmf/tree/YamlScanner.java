package org.atex.fmf.tree;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.atex.fmf.tree.YamlToken.Kind;

/**
 * Splits a YAML text into tokens, exactly as libyaml does, which Python fmf uses.
 *
 * <p>libyaml implements YAML 1.1 with stricter rules for blanks and tabs. Parsers for YAML 1.2 accept other texts, and
 * read some texts differently, so they cannot replace this class. Used by one thread.
 */
final class YamlScanner {
    /** The maximum length of a key without {@code ?}, in code points. Such a key must also fit on one line. */
    private static final int LONGEST_KEY = 1024;

    /** Characters with which a plain scalar cannot begin. */
    private static final String INDICATORS = "-?:,[]{}#&*!|>'\"%@`";

    private static final String URI = "-_;/?:@&=+$,.!~*'()[]";

    private final YamlInput in;
    private final YamlTextScanner texts;
    private final List<YamlToken> queue = new ArrayList<>();
    private int head;
    private int taken;
    private boolean ended;

    /** The column of the innermost block collection, -1 outside of any. */
    private int indent = -1;

    private final Deque<Integer> indents = new ArrayDeque<>();

    /** The possible simple key of the block context, then of each open flow collection. */
    private final List<SimpleKey> simpleKeys = new ArrayList<>(List.of(new SimpleKey()));

    private boolean keyAllowed = true;

    /** A token that is the beginning of a key without {@code ?} if a colon follows it. */
    private static final class SimpleKey {
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

    /** {@return the next token, without consuming it} */
    YamlToken peek() {
        while (needsMore()) {
            fetch();
        }
        return queue.get(head);
    }

    /**
     * Consumes the next token.
     *
     * @return the token
     */
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

    // The first token in the queue must wait while it may be the beginning of a key: the key token goes before it.
    private boolean needsMore() {
        if (head == queue.size()) {
            return true;
        }
        dropStaleSimpleKeys();
        for (var key : simpleKeys) {
            if (key.possible && key.number == taken) {
                return true;
            }
        }
        return false;
    }

    private boolean inFlow() {
        return simpleKeys.size() > 1;
    }

    private SimpleKey simpleKey() {
        return simpleKeys.getLast();
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
        dropStaleSimpleKeys();
        if (in.atEnd()) {
            in.beginLine();
            leaveBlocks(-1);
            dropSimpleKey();
            keyAllowed = false;
            ended = true;
            add(Kind.STREAM_END);
            return;
        }
        leaveBlocks(in.column());
        var c = in.peek();
        if (in.column() == 0 && (c == '%' || in.atDocumentMark())) {
            leaveBlocks(-1);
            dropSimpleKey();
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
                dropSimpleKey();
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
                    throw in.error("no value can begin with this character. Quote it if it is text");
                }
            }
        }
    }

    private static boolean isIndicator(char c) {
        return YamlInput.isBlankOrEnd(c) || INDICATORS.indexOf(c) >= 0;
    }

    // Tabs are blanks, except where they could be part of the indentation of a key.
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

    private void rememberSimpleKey() {
        if (!keyAllowed) {
            return;
        }
        dropSimpleKey();
        var key = simpleKey();
        key.possible = true;
        // In a block mapping, a token at the column of the keys can only be a key.
        key.required = !inFlow() && indent == in.column();
        key.number = taken + queue.size() - head;
        key.at = in.position();
        key.line = in.line();
        key.column = in.column();
    }

    private void dropSimpleKey() {
        drop(simpleKey());
    }

    private void drop(SimpleKey key) {
        if (key.possible && key.required) {
            throw in.error("expected a key here, followed by \":\"", key.at);
        }
        key.possible = false;
    }

    private void dropStaleSimpleKeys() {
        for (var key : simpleKeys) {
            if (key.possible && (key.line < in.line() || isFar(key.at))) {
                drop(key);
            }
        }
    }

    private boolean isFar(int at) {
        return in.position() - at > LONGEST_KEY && in.distance(at, in.position()) > LONGEST_KEY;
    }

    /** Opens a block collection unless one is already open at this column. */
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
        if (simpleKeys.size() > Limits.VALUE_DEPTH) {
            throw Limits.exceeded("The nesting of collections", Limits.VALUE_DEPTH);
        }
        rememberSimpleKey();
        simpleKeys.add(new SimpleKey());
        keyAllowed = true;
        add(kind);
        in.skip();
    }

    private void closeFlow(Kind kind) {
        dropSimpleKey();
        if (inFlow()) {
            simpleKeys.removeLast();
        }
        keyAllowed = false;
        add(kind);
        in.skip();
    }

    private void blockEntry() {
        if (!inFlow()) {
            if (!keyAllowed) {
                throw in.error("a list cannot begin here");
            }
            enterBlock(Kind.BLOCK_SEQUENCE_START);
        }
        dropSimpleKey();
        keyAllowed = true;
        add(Kind.BLOCK_ENTRY);
        in.skip();
    }

    private void key() {
        if (!inFlow()) {
            if (!keyAllowed) {
                throw in.error("a key cannot begin here");
            }
            enterBlock(Kind.BLOCK_MAPPING_START);
        }
        dropSimpleKey();
        keyAllowed = !inFlow();
        add(Kind.KEY);
        in.skip();
    }

    private void value() {
        var key = simpleKey();
        if (key.possible) {
            makeKey(key);
            keyAllowed = false;
        } else {
            if (!inFlow()) {
                if (!keyAllowed) {
                    throw in.error("a value cannot begin here. Quote the text if the colon is part of it");
                }
                enterBlock(Kind.BLOCK_MAPPING_START);
            }
            keyAllowed = !inFlow();
        }
        add(Kind.VALUE);
        in.skip();
    }

    /** Inserts the tokens of a key before the tokens scanned since the key began. */
    private void makeKey(SimpleKey key) {
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
        rememberSimpleKey();
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
        rememberSimpleKey();
        keyAllowed = false;
        var start = in.position();
        var line = in.line();
        var handle = "";
        String suffix;
        if (in.peek(1) == '<') {
            in.skip(2);
            suffix = nonEmptyUri();
            if (in.peek() != '>') {
                throw in.error("expected > at the end of the tag");
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
            throw in.error("expected a blank after the tag");
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
        dropSimpleKey();
        keyAllowed = true;
        var start = in.position();
        var line = in.line();
        queue.add(new YamlToken(Kind.QUOTED, start, line, texts.block(indent), ""));
    }

    private void quoted(char quote) {
        rememberSimpleKey();
        keyAllowed = false;
        var start = in.position();
        var line = in.line();
        queue.add(new YamlToken(Kind.QUOTED, start, line, texts.quoted(quote), ""));
    }

    private void plain() {
        rememberSimpleKey();
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
                    throw in.error("a tag directive needs a handle like !e! and a prefix", start);
                }
                queue.add(new YamlToken(Kind.TAG_DIRECTIVE, start, line, nonEmptyUri(), handle));
            }
            default -> throw in.error("unknown directive, use %YAML or %TAG", start);
        }
        if (!in.isBlankOrEnd(0)) {
            throw in.error("expected the end of the directive");
        }
        skipBlanks();
        if (in.peek() == '#') {
            texts.skipComment();
        }
        if (!in.atEnd() && !in.atBreak()) {
            throw in.error("expected the end of the directive");
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
            throw in.error("expected a version like 1.1", start);
        }
        return version;
    }
}

package org.atex.fmf.tree;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.atex.fmf.tree.YamlToken.Kind;
import org.jspecify.annotations.Nullable;

/** Parses a YAML text into events: a state machine over the tokens, as in libyaml. Used by one thread. */
final class YamlParser {
    /** The state: the construct that is expected next. */
    private enum State {
        IMPLICIT_DOCUMENT,
        DOCUMENT,
        DOCUMENT_CONTENT,
        DOCUMENT_END,
        BLOCK_NODE,
        BLOCK_SEQUENCE_ENTRY,
        INDENTLESS_SEQUENCE_ENTRY,
        BLOCK_MAPPING_KEY,
        BLOCK_MAPPING_VALUE,
        FLOW_SEQUENCE_FIRST,
        FLOW_SEQUENCE_ENTRY,
        PAIR_KEY,
        PAIR_VALUE,
        PAIR_END,
        FLOW_MAPPING_FIRST,
        FLOW_MAPPING_KEY,
        FLOW_MAPPING_VALUE,
        FLOW_MAPPING_EMPTY_VALUE,
        END
    }

    private final YamlInput in;
    private final YamlScanner tokens;
    private final Deque<State> states = new ArrayDeque<>();
    private final Map<String, String> handles = new HashMap<>();
    private State state = State.IMPLICIT_DOCUMENT;

    YamlParser(String text) {
        this.in = new YamlInput(text);
        this.tokens = new YamlScanner(in);
    }

    YamlEvent next() {
        return switch (state) {
            case IMPLICIT_DOCUMENT -> document(true);
            case DOCUMENT -> document(false);
            case DOCUMENT_CONTENT -> content();
            case DOCUMENT_END -> documentEnd();
            case BLOCK_NODE -> node(true, false);
            case BLOCK_SEQUENCE_ENTRY -> blockEntry();
            case INDENTLESS_SEQUENCE_ENTRY -> indentlessEntry();
            case BLOCK_MAPPING_KEY -> blockKey();
            case BLOCK_MAPPING_VALUE -> blockValue();
            case FLOW_SEQUENCE_FIRST -> flowEntry(true);
            case FLOW_SEQUENCE_ENTRY -> flowEntry(false);
            case PAIR_KEY -> pairKey();
            case PAIR_VALUE -> pairValue();
            case PAIR_END -> {
                state = State.FLOW_SEQUENCE_ENTRY;
                yield YamlEvent.of(YamlEvent.Kind.MAPPING_END, tokens.peek());
            }
            case FLOW_MAPPING_FIRST -> flowKey(true);
            case FLOW_MAPPING_KEY -> flowKey(false);
            case FLOW_MAPPING_VALUE -> flowValue();
            case FLOW_MAPPING_EMPTY_VALUE -> empty(State.FLOW_MAPPING_KEY);
            case END -> YamlEvent.of(YamlEvent.Kind.STREAM_END, tokens.peek());
        };
    }

    /** {@return an error that shows the position of an event} */
    YamlError error(String what, YamlEvent event) {
        return in.error(what, event.at());
    }

    private boolean at(Kind kind) {
        return tokens.peek().kind() == kind;
    }

    private boolean at(Kind one, Kind another) {
        return at(one) || at(another);
    }

    private boolean take(Kind kind) {
        if (at(kind)) {
            tokens.next();
            return true;
        }
        return false;
    }

    private YamlError expected(String what) {
        return in.error("expected " + what, tokens.peek().at());
    }

    private YamlEvent empty(State next) {
        state = next;
        var token = tokens.peek();
        return new YamlEvent(YamlEvent.Kind.SCALAR, token.at(), token.line(), null, null, "", true);
    }

    /** Parses a node, and continues in the given state after it. */
    private YamlEvent node(State next, boolean block, boolean indentless) {
        states.push(next);
        return node(block, indentless);
    }

    private YamlEvent end(YamlEvent.Kind kind, YamlToken token) {
        state = states.pop();
        return YamlEvent.of(kind, token);
    }

    private YamlEvent document(boolean implicit) {
        if (!implicit) {
            while (take(Kind.DOCUMENT_END)) {
                // The end mark may be repeated.
            }
        }
        var token = tokens.peek();
        if (token.kind() == Kind.STREAM_END) {
            state = State.END;
            return YamlEvent.of(YamlEvent.Kind.STREAM_END, token);
        }
        handles.clear();
        handles.put("!", "!");
        handles.put("!!", "tag:yaml.org,2002:");
        if (implicit && !at(Kind.VERSION_DIRECTIVE, Kind.TAG_DIRECTIVE) && !at(Kind.DOCUMENT_START)) {
            states.push(State.DOCUMENT_END);
            state = State.BLOCK_NODE;
            return YamlEvent.of(YamlEvent.Kind.DOCUMENT_START, token);
        }
        directives();
        if (!take(Kind.DOCUMENT_START)) {
            throw expected("---, the start of a document");
        }
        states.push(State.DOCUMENT_END);
        state = State.DOCUMENT_CONTENT;
        return YamlEvent.of(YamlEvent.Kind.DOCUMENT_START, token);
    }

    private void directives() {
        var versions = 0;
        var own = new HashMap<String, String>();
        while (at(Kind.VERSION_DIRECTIVE, Kind.TAG_DIRECTIVE)) {
            var token = tokens.next();
            if (token.kind() == Kind.TAG_DIRECTIVE) {
                if (own.put(token.handle(), token.value()) != null) {
                    throw in.error("the directive occurs twice", token.at());
                }
            } else if (++versions > 1
                    || !(token.value().equals("1.1") || token.value().equals("1.2"))) {
                throw in.error("a document has one version directive, 1.1 or 1.2", token.at());
            }
        }
        handles.putAll(own);
    }

    private YamlEvent content() {
        if (at(Kind.VERSION_DIRECTIVE, Kind.TAG_DIRECTIVE)
                || at(Kind.DOCUMENT_START, Kind.DOCUMENT_END)
                || at(Kind.STREAM_END)) {
            return empty(states.pop());
        }
        return node(true, false);
    }

    private YamlEvent documentEnd() {
        var token = tokens.peek();
        take(Kind.DOCUMENT_END);
        state = State.DOCUMENT;
        return YamlEvent.of(YamlEvent.Kind.DOCUMENT_END, token);
    }

    private YamlEvent node(boolean block, boolean indentless) {
        var token = tokens.peek();
        if (token.kind() == Kind.ALIAS) {
            tokens.next();
            state = states.pop();
            return new YamlEvent(YamlEvent.Kind.ALIAS, token.at(), token.line(), null, null, token.value(), false);
        }
        var anchor = at(Kind.ANCHOR) ? tokens.next().value() : null;
        var tag = at(Kind.TAG) ? tag(tokens.next()) : null;
        if (anchor == null && at(Kind.ANCHOR)) {
            anchor = tokens.next().value();
        }
        return node(token, anchor, tag, block, indentless);
    }

    private String tag(YamlToken token) {
        if (token.handle().isEmpty()) {
            return token.value();
        }
        var prefix = handles.get(token.handle());
        if (prefix == null) {
            throw in.error("the handle of this tag is not declared by a %TAG directive", token.at());
        }
        return prefix + token.value();
    }

    private YamlEvent node(
            YamlToken first, @Nullable String anchor, @Nullable String tag, boolean block, boolean indentless) {
        var token = tokens.peek();
        switch (token.kind()) {
            case PLAIN, QUOTED -> {
                tokens.next();
                state = states.pop();
                return scalar(first, anchor, tag, token);
            }
            case FLOW_SEQUENCE_START -> {
                return start(YamlEvent.Kind.SEQUENCE_START, State.FLOW_SEQUENCE_FIRST, first, anchor, tag);
            }
            case FLOW_MAPPING_START -> {
                return start(YamlEvent.Kind.MAPPING_START, State.FLOW_MAPPING_FIRST, first, anchor, tag);
            }
            case BLOCK_SEQUENCE_START -> {
                if (block) {
                    return start(YamlEvent.Kind.SEQUENCE_START, State.BLOCK_SEQUENCE_ENTRY, first, anchor, tag);
                }
            }
            case BLOCK_MAPPING_START -> {
                if (block) {
                    return start(YamlEvent.Kind.MAPPING_START, State.BLOCK_MAPPING_KEY, first, anchor, tag);
                }
            }
            case BLOCK_ENTRY -> {
                if (indentless) {
                    state = State.INDENTLESS_SEQUENCE_ENTRY;
                    return new YamlEvent(
                            YamlEvent.Kind.SEQUENCE_START, first.at(), first.line(), anchor, tag, "", false);
                }
            }
            default -> {}
        }
        if (anchor == null && tag == null) {
            throw expected("a value");
        }
        state = states.pop();
        return new YamlEvent(
                YamlEvent.Kind.SCALAR, first.at(), first.line(), anchor, "!".equals(tag) ? null : tag, "", tag == null);
    }

    private YamlEvent start(
            YamlEvent.Kind kind, State then, YamlToken first, @Nullable String anchor, @Nullable String tag) {
        tokens.next();
        state = then;
        return new YamlEvent(kind, first.at(), first.line(), anchor, tag, "", false);
    }

    /** {@return a scalar event; the tag {@code !} makes a quoted scalar a plain one, as in libyaml} */
    private static YamlEvent scalar(YamlToken first, @Nullable String anchor, @Nullable String tag, YamlToken text) {
        var lone = "!".equals(tag);
        var plain = lone || (tag == null && text.kind() == Kind.PLAIN);
        return new YamlEvent(
                YamlEvent.Kind.SCALAR, first.at(), first.line(), anchor, lone ? null : tag, text.value(), plain);
    }

    private YamlEvent blockEntry() {
        if (take(Kind.BLOCK_ENTRY)) {
            return at(Kind.BLOCK_ENTRY, Kind.BLOCK_END)
                    ? empty(State.BLOCK_SEQUENCE_ENTRY)
                    : node(State.BLOCK_SEQUENCE_ENTRY, true, false);
        }
        if (at(Kind.BLOCK_END)) {
            return end(YamlEvent.Kind.SEQUENCE_END, tokens.next());
        }
        throw expected("\"-\" before the next item of the list");
    }

    private YamlEvent indentlessEntry() {
        if (take(Kind.BLOCK_ENTRY)) {
            return at(Kind.BLOCK_ENTRY, Kind.BLOCK_END) || at(Kind.KEY, Kind.VALUE)
                    ? empty(State.INDENTLESS_SEQUENCE_ENTRY)
                    : node(State.INDENTLESS_SEQUENCE_ENTRY, true, false);
        }
        return end(YamlEvent.Kind.SEQUENCE_END, tokens.peek());
    }

    private YamlEvent blockKey() {
        if (take(Kind.KEY)) {
            return at(Kind.KEY, Kind.VALUE) || at(Kind.BLOCK_END)
                    ? empty(State.BLOCK_MAPPING_VALUE)
                    : node(State.BLOCK_MAPPING_VALUE, true, true);
        }
        if (at(Kind.BLOCK_END)) {
            return end(YamlEvent.Kind.MAPPING_END, tokens.next());
        }
        throw expected("a key");
    }

    private YamlEvent blockValue() {
        if (take(Kind.VALUE)) {
            return at(Kind.KEY, Kind.VALUE) || at(Kind.BLOCK_END)
                    ? empty(State.BLOCK_MAPPING_KEY)
                    : node(State.BLOCK_MAPPING_KEY, true, true);
        }
        return empty(State.BLOCK_MAPPING_KEY);
    }

    private YamlEvent flowEntry(boolean first) {
        if (!at(Kind.FLOW_SEQUENCE_END)) {
            if (!first && !take(Kind.FLOW_ENTRY)) {
                throw expected("\",\" or \"]\"");
            }
            if (at(Kind.KEY)) {
                state = State.PAIR_KEY;
                return YamlEvent.of(YamlEvent.Kind.MAPPING_START, tokens.next());
            }
            if (!at(Kind.FLOW_SEQUENCE_END)) {
                return node(State.FLOW_SEQUENCE_ENTRY, false, false);
            }
        }
        return end(YamlEvent.Kind.SEQUENCE_END, tokens.next());
    }

    private YamlEvent pairKey() {
        if (!at(Kind.VALUE, Kind.FLOW_ENTRY) && !at(Kind.FLOW_SEQUENCE_END)) {
            return node(State.PAIR_VALUE, false, false);
        }
        // libyaml skips a token here, so a pair without a key is a syntax error. Kept for compatibility.
        tokens.next();
        return empty(State.PAIR_VALUE);
    }

    private YamlEvent pairValue() {
        if (take(Kind.VALUE) && !at(Kind.FLOW_ENTRY, Kind.FLOW_SEQUENCE_END)) {
            return node(State.PAIR_END, false, false);
        }
        return empty(State.PAIR_END);
    }

    private YamlEvent flowKey(boolean first) {
        if (!at(Kind.FLOW_MAPPING_END)) {
            if (!first && !take(Kind.FLOW_ENTRY)) {
                throw expected("\",\" or \"}\"");
            }
            if (take(Kind.KEY)) {
                return at(Kind.VALUE, Kind.FLOW_ENTRY) || at(Kind.FLOW_MAPPING_END)
                        ? empty(State.FLOW_MAPPING_VALUE)
                        : node(State.FLOW_MAPPING_VALUE, false, false);
            }
            if (!at(Kind.FLOW_MAPPING_END)) {
                return node(State.FLOW_MAPPING_EMPTY_VALUE, false, false);
            }
        }
        return end(YamlEvent.Kind.MAPPING_END, tokens.next());
    }

    private YamlEvent flowValue() {
        if (take(Kind.VALUE) && !at(Kind.FLOW_ENTRY, Kind.FLOW_MAPPING_END)) {
            return node(State.FLOW_MAPPING_KEY, false, false);
        }
        return empty(State.FLOW_MAPPING_KEY);
    }
}

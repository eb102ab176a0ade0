package org.atex.fmf.tree;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atex.fmf.tree.YamlEvent.Kind;
import org.jspecify.annotations.Nullable;

/** Builds the value of one YAML document as Python fmf does. An alias refers to the same object as its anchor. */
final class YamlReader {
    private static final String TAG_PREFIX = "tag:yaml.org,2002:";

    static final String MERGE_TAG = TAG_PREFIX + "merge";

    /**
     * The content of a file.
     *
     * @param value the value of its only document
     * @param aliased whether an alias occurs, so that one object may be in several places
     */
    record Document(@Nullable Object value, boolean aliased) {}

    /** The value of an anchor, and the number of values in it; the number is -1 while the value is being read. */
    private record Anchored(@Nullable Object value, long weight) {}

    private final String file;
    private final YamlParser events;
    private final Map<String, Anchored> anchors = new HashMap<>();
    private long weight;
    private boolean aliased;
    private int depth;
    private @Nullable YamlEvent current;

    private YamlReader(String file, YamlParser events) {
        this.file = file;
        this.events = events;
    }

    /**
     * Reads a document.
     *
     * @param file the name of the file, for error messages
     * @param text the content of the file
     */
    static Document read(String file, String text) {
        try {
            return new YamlReader(file, new YamlParser(text)).document();
        } catch (YamlError e) {
            throw e.at(file + ":" + e.line());
        }
    }

    private Document document() {
        if (next().kind() == Kind.STREAM_END) {
            return new Document(null, false);
        }
        try {
            var value = value(next());
            next();
            checkEnd();
            return new Document(value, aliased);
        } catch (YamlError e) {
            throw e;
        } catch (FmfException e) {
            var placed = e.at(file + ":" + line());
            if (e.kind() == FmfException.Kind.INVALID_VALUE) {
                parseRest();
            }
            throw placed;
        }
    }

    private void checkEnd() {
        if (next().kind() != Kind.STREAM_END) {
            throw bad("the file has a second document. Keep one document per file");
        }
    }

    /** Reads the rest of the file. Python fmf parses all of a file first, so a later syntax error takes precedence. */
    private void parseRest() {
        for (var event = next(); event.kind() != Kind.DOCUMENT_END; event = next()) {
            var anchor = event.anchor();
            if (anchor != null) {
                open(anchor);
            } else if (event.kind() == Kind.ALIAS && !anchors.containsKey(event.value())) {
                throw unknown(event.value());
            }
        }
        checkEnd();
    }

    FmfException bad(String what) {
        return events.error(what, Objects.requireNonNull(current));
    }

    private int line() {
        var event = current;
        return event == null ? 1 : event.line() + 1;
    }

    YamlEvent next() {
        var event = events.next();
        current = event;
        return event;
    }

    @Nullable
    Object value(YamlEvent event) {
        if (++weight > Limits.DOCUMENT_VALUES) {
            throw Limits.exceeded("The number of values, aliases expanded,", Limits.DOCUMENT_VALUES);
        }
        if (event.kind() == Kind.ALIAS) {
            return alias(event.value());
        }
        var before = weight;
        var anchor = event.anchor();
        if (anchor != null) {
            open(anchor);
        }
        var value = event.kind() == Kind.SCALAR ? scalar(event) : collection(event);
        if (anchor != null) {
            anchors.put(anchor, new Anchored(value, weight - before));
        }
        return value;
    }

    private @Nullable Object alias(String name) {
        var anchored = anchors.get(name);
        if (anchored == null) {
            throw unknown(name);
        }
        if (anchored.weight < 0) {
            throw bad("the alias \"*" + name + "\" is part of its own value");
        }
        weight += anchored.weight;
        share(anchored.value);
        aliased = true;
        return anchored.value;
    }

    private FmfException unknown(String alias) {
        return bad("the alias \"*" + alias + "\" has no anchor before it");
    }

    private void open(String anchor) {
        if (anchors.putIfAbsent(anchor, new Anchored(null, -1)) != null) {
            throw bad("the anchor \"&" + anchor + "\" occurs twice");
        }
    }

    /** Marks a collection as shared, see {@link Mapping#share}. Other values are ignored. */
    static void share(@Nullable Object value) {
        if (value instanceof Mapping mapping) {
            mapping.share();
        } else if (value instanceof Sequence sequence) {
            sequence.share();
        }
    }

    private @Nullable Object scalar(YamlEvent scalar) {
        var tag = scalar.tag();
        if (tag == null) {
            return scalar.plain() ? YamlScalars.plain(scalar.value()) : scalar.value();
        }
        return YamlScalars.tagged(ownTag(tag), scalar.value());
    }

    private String ownTag(String tag) {
        if (!tag.startsWith(TAG_PREFIX)) {
            throw bad("the tag \"" + tag + "\" is unknown");
        }
        return tag.substring(TAG_PREFIX.length());
    }

    private Object collection(YamlEvent start) {
        if (++depth > Limits.VALUE_DEPTH) {
            throw Limits.exceeded("The nesting of collections", Limits.VALUE_DEPTH);
        }
        var mapping = start.kind() == Kind.MAPPING_START;
        var given = start.tag();
        var tag = given == null || given.equals("!") ? (mapping ? "map" : "seq") : ownTag(given);
        Object value = mapping ? new YamlMapping(this).read(start.line() + 1) : items();
        depth--;
        return switch (tag) {
            case "seq" -> expect(value instanceof Sequence, tag, value);
            case "map" -> expect(value instanceof Mapping, tag, value);
            case "set" -> set(tag, value);
            case "omap" -> orderedMapping(tag, value);
            case "pairs" -> pairs(tag, value);
            default -> throw bad("the tag \"!!" + tag + "\" does not apply to a collection");
        };
    }

    private Object expect(boolean right, String tag, Object value) {
        if (!right) {
            throw bad("the tag \"!!" + tag + "\" does not apply to " + Values.typeOf(value));
        }
        return value;
    }

    private Object set(String tag, Object value) {
        expect(value instanceof Mapping, tag, value);
        return Collections.unmodifiableSet(new LinkedHashSet<>(((Mapping) value).keySet()));
    }

    private Object orderedMapping(String tag, Object value) {
        var result = new Mapping();
        for (var pair : ((Sequence) pairs(tag, value))) {
            var both = (Sequence) Objects.requireNonNull(pair);
            result.store(both.get(0), both.get(1));
        }
        return result;
    }

    private Object pairs(String tag, Object value) {
        expect(value instanceof Sequence, tag, value);
        var pairs = new ArrayList<@Nullable Object>();
        for (var item : (Sequence) value) {
            if (!(item instanceof Mapping pair && pair.size() == 1)) {
                throw bad("the tag \"!!" + tag + "\" needs a list of mappings with one key each");
            }
            pairs.add(Sequence.tuple(Arrays.asList(pair.keyAt(0), pair.valueAt(0))));
        }
        return Sequence.of(pairs);
    }

    private Sequence items() {
        List<@Nullable Object> items = new ArrayList<>();
        for (var event = next(); event.kind() != Kind.SEQUENCE_END; event = next()) {
            items.add(value(event));
        }
        return items.isEmpty() ? Sequence.of(new Object[0]) : Sequence.of(items);
    }
}

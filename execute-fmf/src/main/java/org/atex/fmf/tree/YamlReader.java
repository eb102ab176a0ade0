package org.atex.fmf.tree;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.atex.fmf.tree.FmfException.Kind;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.parser.Parser;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/** Reads one YAML document as the reference does. Aliases become one object in several places. */
final class YamlReader {
    private static final LoadSettings SETTINGS = LoadSettings.builder()
            .setCodePointLimit(Limits.FILE_BYTES)
            .setBufferSize(2048)
            .build();

    /**
     * Stands for a {@code -} before the end of a flow item: text to libyaml, an error to the engine. Used only once the
     * engine has failed there.
     */
    private static final char LONE_DASH = '\ue000';

    private static final String TAG_PREFIX = "tag:yaml.org,2002:";

    /**
     * What a file holds.
     *
     * @param value its one document
     * @param aliased whether one object may be in several places in it
     */
    record Document(@Nullable Object value, boolean aliased) {}

    /** A value that an anchor names, and how many values it stands for. */
    private record Anchored(@Nullable Object value, long weight) {}

    private final String file;
    private final boolean dashed;
    private final Parser events;
    private final Map<String, Anchored> anchors = new HashMap<>();
    private long weight;
    private boolean aliased;
    private int depth;
    private @Nullable Event current;

    private YamlReader(String file, String text, boolean dashed) {
        this.file = file;
        this.dashed = dashed;
        this.events = new ParserImpl(SETTINGS, new FlowKeyScanner(SETTINGS, new StreamReader(SETTINGS, text)));
    }

    /**
     * Reads a document.
     *
     * @param file where the text is from, for error messages
     */
    static Document read(String file, String text) {
        var lines = lines(text);
        try {
            return new YamlReader(file, lines, false).document();
        } catch (FmfException e) {
            if (lines.indexOf(LONE_DASH) < 0 && isLoneDash(e.getCause())) {
                var dashed = lines.replaceAll("-(?=[],}])", String.valueOf(LONE_DASH));
                return new YamlReader(file, dashed, true).document();
            }
            throw e;
        }
    }

    private static boolean isLoneDash(@Nullable Throwable cause) {
        return cause instanceof MarkedYamlEngineException e
                && String.valueOf(e.getProblem()).startsWith("found character '-' that cannot start any token");
    }

    /** {@return what is in a text, for those who look for one place in it} */
    static Parser events(String text) {
        return new ParserImpl(SETTINGS, new FlowKeyScanner(SETTINGS, new StreamReader(SETTINGS, lines(text))));
    }

    /** A byte order mark is no text, and lines may end in three ways. */
    private static String lines(String text) {
        var start = text.startsWith("\ufeff") ? 1 : 0;
        return text.indexOf('\r') < 0
                ? text.substring(start)
                : text.substring(start).replace("\r\n", "\n").replace('\r', '\n');
    }

    private Document document() {
        try {
            events.next();
            if (events.checkEvent(Event.ID.StreamEnd)) {
                return new Document(null, false);
            }
            events.next();
            var value = value(next());
            events.next();
            if (!events.checkEvent(Event.ID.StreamEnd)) {
                current = events.peekEvent();
                throw bad("there is a second document. A file holds one");
            }
            return new Document(value, aliased);
        } catch (MarkedYamlEngineException e) {
            var mark = e.getProblemMark();
            throw new FmfException(
                    Kind.FILE,
                    file + (mark.isPresent() ? ":" + (mark.get().getLine() + 1) : "") + ": Not valid YAML, "
                            + explain(e) + (mark.isPresent() ? "\n" + mark.get().createSnippet(2, 80) : ""),
                    e);
        } catch (YamlEngineException e) {
            throw new FmfException(Kind.FILE, file + ": Not valid YAML, " + e.getMessage(), e);
        } catch (NoSuchElementException | IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new FmfException(Kind.FILE, file + ":" + line() + ": Not valid YAML from here on", e);
        } catch (FmfException e) {
            throw String.valueOf(e.getMessage()).startsWith(file + ":") ? e : e.at(file + ":" + line());
        }
    }

    private static String explain(MarkedYamlEngineException e) {
        var context = e.getContext();
        return (context == null ? "" : context + ": ") + e.getProblem();
    }

    FmfException bad(String what) {
        return new FmfException(Kind.FILE, file + ":" + line() + ": Not valid YAML, " + what);
    }

    private int line() {
        var event = current;
        return event == null
                ? 1
                : event.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
    }

    Event next() {
        var event = events.next();
        current = event;
        return event;
    }

    @Nullable
    Object value(Event event) {
        if (++weight > Limits.DOCUMENT_VALUES) {
            throw Limits.exceeded("The number of values, aliases expanded,", Limits.DOCUMENT_VALUES);
        }
        if (event instanceof AliasEvent alias) {
            return alias(alias);
        }
        var before = weight;
        var node = (NodeEvent) event;
        var anchor = node.getAnchor();
        anchor.ifPresent(this::open);
        var value = event instanceof ScalarEvent scalar ? scalar(scalar) : collection(event);
        if (anchor.isPresent()) {
            anchors.put(anchor.get().getValue(), new Anchored(value, weight - before));
        }
        return value;
    }

    private @Nullable Object alias(AliasEvent alias) {
        var name = alias.getAlias().getValue();
        var anchored = anchors.get(name);
        if (anchored == null) {
            throw bad("the alias \"*" + name + "\" has no anchor before it");
        }
        if (anchored.weight < 0) {
            throw bad("the alias \"*" + name + "\" is part of what it stands for");
        }
        weight += anchored.weight;
        share(anchored.value);
        aliased = true;
        return anchored.value;
    }

    private void open(Anchor anchor) {
        var name = anchor.getValue();
        if (!name.matches("[A-Za-z0-9_-]+")) {
            throw bad("the anchor \"&" + name + "\" may consist of letters, digits, - and _");
        }
        if (anchors.putIfAbsent(name, new Anchored(null, -1)) != null) {
            throw bad("the anchor \"&" + name + "\" is there twice");
        }
    }

    static void share(@Nullable Object value) {
        if (value instanceof Mapping mapping) {
            mapping.share();
        } else if (value instanceof Sequence sequence) {
            sequence.share();
        }
    }

    private @Nullable Object scalar(ScalarEvent scalar) {
        var tag = scalar.getTag().orElse("!");
        var text = dashed ? scalar.getValue().replace(LONE_DASH, '-') : scalar.getValue();
        if (tag.equals("!")) {
            return scalar.isPlain() ? YamlScalars.plain(text) : text;
        }
        return YamlScalars.tagged(ownTag(tag), text);
    }

    private String ownTag(String tag) {
        if (!tag.startsWith(TAG_PREFIX)) {
            throw bad("the tag \"" + tag + "\" is unknown");
        }
        return tag.substring(TAG_PREFIX.length());
    }

    private Object collection(Event start) {
        if (++depth > Limits.VALUE_DEPTH) {
            throw Limits.exceeded("The nesting of collections", Limits.VALUE_DEPTH);
        }
        var mapping = start.getEventId() == Event.ID.MappingStart;
        var tag = ((CollectionStartEvent) start)
                .getTag()
                .filter(name -> !name.equals("!"))
                .map(this::ownTag)
                .orElse(mapping ? "map" : "seq");
        Object value = mapping ? new YamlMapping(this).read() : items();
        depth--;
        return switch (tag) {
            case "seq" -> expect(value instanceof Sequence, tag, value);
            case "map" -> expect(value instanceof Mapping, tag, value);
            case "set" -> set(tag, value);
            case "omap" -> orderedMapping(tag, value);
            case "pairs" -> pairs(tag, value);
            default -> throw bad("the tag \"!!" + tag + "\" cannot stand before a collection");
        };
    }

    private Object expect(boolean right, String tag, Object value) {
        if (!right) {
            throw bad("the tag \"!!" + tag + "\" cannot stand before " + Values.typeOf(value));
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
                throw bad("\"!!" + tag + "\" wants a list of mappings with one key each");
            }
            pairs.add(Sequence.tuple(Arrays.asList(pair.keyAt(0), pair.valueAt(0))));
        }
        return Sequence.of(pairs);
    }

    private Sequence items() {
        List<@Nullable Object> items = new ArrayList<>();
        for (var event = next(); event.getEventId() != Event.ID.SequenceEnd; event = next()) {
            items.add(value(event));
        }
        return items.isEmpty() ? Sequence.of(new Object[0]) : Sequence.of(items);
    }
}

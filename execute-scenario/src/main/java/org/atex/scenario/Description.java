package org.atex.scenario;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A file that describes a scenario, in the format of pytest-orchestration. Immutable. */
final class Description {
    private static final Set<String> KEYS = Set.of("test_name", "total_hours", "unref_setup_fixtures", "events");
    private static final Set<String> EVENT_KEYS =
            Set.of("name", "interval_sec", "interval_min", "interval_hour", "at_startup", "at_teardown", "params");

    /** The keys of intervals, each with its unit. */
    private static final List<Map.Entry<String, Duration>> INTERVALS = List.of(
            Map.entry("interval_sec", Duration.ofSeconds(1)),
            Map.entry("interval_min", Duration.ofMinutes(1)),
            Map.entry("interval_hour", Duration.ofHours(1)));

    private final Path file;
    private final JsonItem root;
    private final Map<String, JsonItem> keys;

    private Description(Path file, JsonItem root) {
        this.file = file;
        this.root = root;
        this.keys = object(root, "");
    }

    /**
     * Reads a file. Its values are checked later.
     *
     * @throws IOException if the file cannot be read
     * @throws ScenarioFormatException if it does not contain a JSON object
     */
    static Description read(Path file) throws IOException {
        return new Description(file, JsonItem.read(file));
    }

    Path file() {
        return file;
    }

    /** {@return the line of the name} */
    int line() {
        return required(keys, root, "", "test_name").keyPlace().line();
    }

    String testName() {
        return string(required(keys, root, "", "test_name"), "test_name");
    }

    /** {@return an exception about the name} */
    ScenarioFormatException wrongName(String why) {
        return wrong(required(keys, root, "", "test_name"), "test_name", why);
    }

    /**
     * {@return the scenario}
     *
     * @param duration replaces the duration of the description unless it is null
     */
    Scenario scenario(Map<String, Action> actions, Set<String> fixtures, @Nullable Duration duration) {
        refuseUnknown(keys, "", KEYS);
        String name = testName();
        Duration described = time(required(keys, root, "", "total_hours"), "total_hours", Duration.ofHours(1));
        checkFixtures(fixtures);
        Duration actual = duration == null ? described : duration;
        return Scenario.of(name, actual, events(actions, actual));
    }

    private void checkFixtures(Set<String> fixtures) {
        String key = "unref_setup_fixtures";
        JsonItem names = keys.get(key);
        if (names == null) {
            return;
        }
        List<JsonItem> list = list(names, key);
        for (int i = 0; i < list.size(); i++) {
            String place = key + "[" + i + "]";
            String fixture = string(list.get(i), place);
            if (!fixtures.contains(fixture)) {
                throw wrong(
                        list.get(i),
                        place,
                        "the fixture " + fixture + " is not known, only "
                                + new TreeSet<>(fixtures)
                                + "; set it up in the program, such as in a hook for systems, and"
                                + " pass its name to withFixture(…)");
            }
        }
    }

    private List<Event> events(Map<String, Action> actions, Duration duration) {
        JsonItem all = required(keys, root, "", "events");
        List<JsonItem> items = list(all, "events");
        if (items.isEmpty()) {
            throw wrong(all, "events", "it is empty, but a scenario needs at least one event");
        }
        List<Event> events = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < items.size(); i++) {
            String place = "events[" + i + "]";
            Event event = event(items.get(i), place, actions);
            String why = event.neverRuns(duration);
            if (why != null) {
                throw wrong(items.get(i), place, "the event " + event.name() + " would never run: it " + why);
            }
            events.add(event.withName(unused(event.name(), names)));
        }
        return events;
    }

    /** {@return the name of an event, with a number if the same action is an event several times} */
    private static String unused(String name, Set<String> names) {
        String candidate = name;
        for (int i = 2; !names.add(candidate); i++) {
            candidate = name + "-" + i;
        }
        return candidate;
    }

    private Event event(JsonItem item, String place, Map<String, Action> actions) {
        Map<String, JsonItem> event = object(item, place);
        refuseUnknown(event, place, EVENT_KEYS);
        JsonItem nameItem = required(event, item, place, "name");
        String name = string(nameItem, place + ".name");
        Action action = actions.get(name);
        if (action == null) {
            throw wrong(
                    nameItem,
                    place + ".name",
                    "there is no action for the event " + name + ", only for " + new TreeSet<>(actions.keySet()));
        }
        try {
            return Event.atStart(name, action)
                    .withInterval(interval(event, place))
                    .withAtStart(flag(event, place, "at_startup", true))
                    .withAtEnd(flag(event, place, "at_teardown", false))
                    .withParameters(parameters(event.get("params"), place + ".params"));
        } catch (IllegalArgumentException e) {
            throw new ScenarioFormatException(file, nameItem.place(), place, String.valueOf(e.getMessage()), e);
        }
    }

    private @Nullable Duration interval(Map<String, JsonItem> event, String place) {
        Duration interval = null;
        String before = "";
        for (Map.Entry<String, Duration> unit : INTERVALS) {
            String key = unit.getKey();
            JsonItem item = event.get(key);
            if (item == null) {
                continue;
            }
            if (interval != null) {
                throw new ScenarioFormatException(
                        file,
                        item.keyPlace(),
                        place + "." + key,
                        "the event has " + before + " already; an event has one interval at most",
                        null);
            }
            interval = time(item, place + "." + key, unit.getValue());
            before = key;
        }
        return interval;
    }

    private boolean flag(Map<String, JsonItem> event, String place, String key, boolean byDefault) {
        JsonItem item = event.get(key);
        if (item == null) {
            return byDefault;
        }
        if (item.value() instanceof Boolean flag) {
            return flag;
        }
        throw wrongType(item, place + "." + key, "true or false");
    }

    private Map<String, @Nullable Object> parameters(@Nullable JsonItem item, String place) {
        Map<String, @Nullable Object> parameters = new LinkedHashMap<>();
        if (item != null) {
            object(item, place).forEach((key, value) -> parameters.put(key, value.plain()));
        }
        return parameters;
    }

    private Duration time(JsonItem item, String place, Duration unit) {
        if (!(item.value() instanceof Number number)) {
            throw wrongType(item, place, "a number");
        }
        BigDecimal nanos = null;
        try {
            nanos = new BigDecimal(number.toString()).multiply(BigDecimal.valueOf(unit.toNanos()));
        } catch (NumberFormatException e) {
            // The number is infinite.
        }
        if (nanos == null || nanos.compareTo(BigDecimal.valueOf(Scenario.MAX_TIME.toNanos())) > 0) {
            throw wrong(item, place, "the time is longer than " + Scenario.MAX_TIME.toDays() + " days");
        }
        long rounded = nanos.setScale(0, RoundingMode.HALF_UP).longValue();
        if (rounded <= 0) {
            throw wrong(
                    item,
                    place,
                    "the time must be positive, not " + number
                            + (place.startsWith("events") ? "; leave the key out for no interval" : ""));
        }
        return Duration.ofNanos(rounded);
    }

    private void refuseUnknown(Map<String, JsonItem> object, String place, Set<String> known) {
        object.forEach((key, item) -> {
            if (!known.contains(key)) {
                throw new ScenarioFormatException(
                        file,
                        item.keyPlace(),
                        join(place, key),
                        "the key is not known; known keys are " + new TreeSet<>(known),
                        null);
            }
        });
    }

    private JsonItem required(Map<String, JsonItem> object, JsonItem item, String place, String key) {
        JsonItem value = object.get(key);
        if (value == null) {
            throw wrong(item, join(place, key), "the key is missing");
        }
        return value;
    }

    @SuppressWarnings("unchecked") // JsonItem makes such maps only
    private Map<String, JsonItem> object(JsonItem item, String place) {
        if (item.value() instanceof Map<?, ?> map) {
            return (Map<String, JsonItem>) map;
        }
        throw wrongType(item, place, "an object");
    }

    @SuppressWarnings("unchecked") // JsonItem makes such lists only
    private List<JsonItem> list(JsonItem item, String place) {
        if (item.value() instanceof List<?> list) {
            return (List<JsonItem>) list;
        }
        throw wrongType(item, place, "a list");
    }

    private String string(JsonItem item, String place) {
        if (!(item.value() instanceof String text)) {
            throw wrongType(item, place, "a string");
        }
        if (text.isBlank()) {
            throw wrong(item, place, "the name is blank");
        }
        return text;
    }

    private static String join(String place, String key) {
        return place.isEmpty() ? key : place + "." + key;
    }

    private ScenarioFormatException wrongType(JsonItem item, String place, String expected) {
        return wrong(item, place, "the value must be " + expected + ", not " + item.type());
    }

    private ScenarioFormatException wrong(JsonItem item, String place, String why) {
        return new ScenarioFormatException(file, item.place(), place, why, null);
    }
}

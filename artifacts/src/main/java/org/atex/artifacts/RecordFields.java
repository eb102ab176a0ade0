package org.atex.artifacts;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Map;
import org.atex.api.AttemptCause;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.SystemInfo;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * The values of a record in a journal, which several lines change. Journals have hundreds of thousands of lines: this needs
 * less time and memory than the maps of a JSON object. Not thread-safe.
 */
final class RecordFields {
    private @Nullable Object test;
    private @Nullable String platform;
    private int attempt = 1;
    private boolean last = true;
    private @Nullable String cause;
    private @Nullable String outcome;
    private @Nullable Integer exitCode;
    private @Nullable String note;
    private boolean systemUsable = true;
    private @Nullable String started;
    private @Nullable String took;
    private @Nullable Integer system;
    private int slot = 1;
    private @Nullable Map<?, ?> known;

    /** {@return the values in a JSON object} */
    static RecordFields of(Map<?, ?> json) {
        RecordFields fields = new RecordFields();
        json.forEach((key, value) -> fields.set(String.valueOf(key), value));
        return fields;
    }

    /**
     * Sets a value. Unknown keys are ignored.
     *
     * @param value the JSON value; null for the default
     * @throws IllegalArgumentException if it has another type
     */
    void set(String key, @Nullable Object value) {
        switch (key) {
            case "test" -> test = value;
            case "platform" -> platform = RecordJson.textIfAny(key, value);
            case "attempt" -> attempt = number(key, value, 1);
            case "last" -> last = !Boolean.FALSE.equals(value);
            case "cause" -> cause = RecordJson.textIfAny(key, value);
            case "outcome" -> outcome = RecordJson.textIfAny(key, value);
            case "exitCode" -> exitCode = value == null ? null : RecordJson.number(key, value);
            case "note" -> note = RecordJson.textIfAny(key, value);
            case "systemUsable" -> systemUsable = !Boolean.FALSE.equals(value);
            case "started" -> started = RecordJson.textIfAny(key, value);
            case "took" -> took = RecordJson.textIfAny(key, value);
            case "system" -> system = value == null ? null : RecordJson.number(key, value);
            case "slot" -> slot = number(key, value, 1);
            case "known" -> known = value instanceof Map<?, ?> map ? map : null;
            default -> {}
        }
    }

    private static int number(String key, @Nullable Object value, int otherwise) {
        return value == null ? otherwise : RecordJson.number(key, value);
    }

    /** {@return the number of the attempt} */
    int attempt() {
        return attempt;
    }

    /** {@return the name of the test} */
    String nameOfTest() {
        return switch (test) {
            case String name -> name;
            case Map<?, ?> json -> RecordJson.text(json, "name");
            case null, default -> throw new IllegalArgumentException("the key 'test' is missing");
        };
    }

    /**
     * {@return the record}
     *
     * @param systems the systems by their numbers
     * @param usual the platform of a record that names none; null if each record must name its own
     * @param tests tests by their names; the record refers to them if it has only a name, or an equal test
     * @throws IllegalArgumentException if a value is missing or invalid
     */
    TestRecord record(Map<Integer, SystemInfo> systems, @Nullable String usual, Map<String, PlainTest> tests) {
        TestEnd end = outcome == null
                ? SpooledAttempt.KILLED
                : new TestEnd(Outcome.valueOf(outcome), exitCode, note, systemUsable);
        Instant start = Times.instant(RecordJson.present(started, "started"));
        Duration duration = took == null ? Duration.ZERO : Times.duration(took);
        TestRecord record = TestRecord.of(
                        platform == null ? RecordJson.present(usual, "platform") : platform, plain(tests), end)
                .withTimes(start, duration);
        if (attempt != 1 || !last) {
            record = record.withAttempt(attempt, last);
        }
        if (cause != null) {
            record = record.withCause(AttemptCause.valueOf(cause));
        }
        if (system != null) {
            SystemInfo where = systems.get(system);
            if (where == null) {
                throw new IllegalArgumentException("the system " + system + " is missing");
            }
            record = record.withSystem(where, slot);
        }
        return known == null ? record : record.withKnown(knownFailure(known));
    }

    private PlainTest plain(Map<String, PlainTest> tests) {
        PlainTest shared = tests.get(nameOfTest());
        if (test instanceof Map<?, ?> json) {
            PlainTest own = RecordJson.test(json);
            return shared != null && own.equals(shared) ? shared : own;
        }
        if (shared == null) {
            throw new IllegalArgumentException("the test " + test + " is missing");
        }
        return shared;
    }

    private static KnownFailure knownFailure(Map<?, ?> json) {
        return KnownFailure.of(
                RecordJson.text(json, "test"),
                RecordJson.text(json, "owner"),
                LocalDate.parse(RecordJson.text(json, "until")),
                RecordJson.text(json, "reason"));
    }
}

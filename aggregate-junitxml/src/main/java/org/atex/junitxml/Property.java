package org.atex.junitxml;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import org.atex.api.AttemptCause;
import org.atex.api.PlainTest;
import org.atex.api.TestRecord;

/** A {@code property} element of a case in the rich profile. */
record Property(String name, String value) {
    /** {@return the properties of an attempt that describe its test and its cause, in a fixed order} */
    static List<Property> of(TestRecord record) {
        PlainTest test = record.test();
        List<Property> properties = new ArrayList<>();
        new TreeSet<>(test.tags()).forEach(tag -> properties.add(new Property("tag", tag)));
        new TreeSet<>(test.components()).forEach(part -> properties.add(new Property("component", part)));
        if (test.group() != null) {
            properties.add(new Property("group", test.group()));
        }
        if (record.cause() != AttemptCause.FIRST) {
            properties.add(new Property("cause", record.cause().name().toLowerCase(Locale.ROOT)));
        }
        return properties;
    }
}

package org.atex.junitxml;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.atex.artifacts.ReportAttempt;
import org.atex.artifacts.ReportJournalReader;

/**
 * The data of one attempt that are kept in memory: its test, its contribution to the counts, and the positions of its
 * rendered XML in the journal. Immutable. Has only primitive and shared fields, as a report may have 100,000 attempts.
 */
final class Attempt implements ReportAttempt {
    /** The parts of a rendered attempt, with XML escapes, in the order in which they are in the journal. */
    enum Part {
        /** The attributes {@code name} and {@code classname}, and in the rich profile {@code file} and {@code line}. */
        NAME,
        /** The value of the attribute {@code message}. */
        MESSAGE,
        /** The text of the failure. */
        TEXT,
        /** The attachments and the output. */
        OUTPUT,
        /** The complete {@code testcase} elements of the subtests. */
        SUBTESTS
    }

    private static final Part[] PARTS = Part.values();

    private final String platform;
    private final String name;
    private final int number;
    private final boolean last;
    private final CaseStatus status;
    private final String type;
    private final List<Property> properties;
    private final String system;
    private final int slot;
    private final long started;
    private final long took;
    private final Counts subtests;
    private final long position;
    private final long afterName;
    private final long afterMessage;
    private final long afterText;
    private final long afterOutput;
    private final long end;

    /**
     * Reads an attempt.
     *
     * @param description the bytes written by {@link #describe}
     * @param position the position of the first part in the journal
     * @param shared maps equal strings to one instance
     */
    Attempt(byte[] description, long position, UnaryOperator<String> shared) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(description));
        platform = shared.apply(string(in));
        name = string(in);
        number = in.readInt();
        last = in.readBoolean();
        status = CaseStatus.valueOf(in.readUTF());
        type = shared.apply(string(in));
        Property[] all = new Property[in.readInt()];
        for (int i = 0; i < all.length; i++) {
            all[i] = new Property(shared.apply(string(in)), shared.apply(string(in)));
        }
        properties = List.of(all);
        system = shared.apply(string(in));
        slot = in.readInt();
        started = in.readLong();
        took = in.readLong();
        subtests = Counts.read(in);
        this.position = position;
        afterName = position + in.readLong();
        afterMessage = afterName + in.readLong();
        afterText = afterMessage + in.readLong();
        afterOutput = afterText + in.readLong();
        end = afterOutput + in.readLong();
    }

    /** {@return the data of an attempt, in the format of the journal} */
    static byte[] describe(TestRecord record, String name, int number, RenderedAttempt rendered) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        string(out, record.platform());
        string(out, name);
        out.writeInt(number);
        out.writeBoolean(record.last());
        out.writeUTF(rendered.status().name());
        string(out, rendered.type());
        List<Property> properties = Property.of(record);
        out.writeInt(properties.size());
        for (Property property : properties) {
            string(out, property.name());
            string(out, property.value());
        }
        SystemInfo system = record.system();
        string(out, system == null ? "" : system.name());
        out.writeInt(record.slot());
        out.writeLong(record.started().toEpochMilli());
        out.writeLong(Times.millis(record.took()));
        rendered.subtests().write(out);
        for (Part part : PARTS) {
            out.writeLong(rendered.part(part).size());
        }
        return bytes.toByteArray();
    }

    @Override
    public String platform() {
        return platform;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int number() {
        return number;
    }

    @Override
    public boolean isLast() {
        return last;
    }

    CaseStatus status() {
        return status;
    }

    /** {@return the attribute {@code type} of a failure or error; else empty} */
    String type() {
        return type;
    }

    /** {@return the properties of the test and of the attempt} */
    List<Property> properties() {
        return properties;
    }

    /** {@return the name of the system; empty if there was none} */
    String system() {
        return system;
    }

    int slot() {
        return slot;
    }

    /** {@return the start, in milliseconds since 1970} */
    long started() {
        return started;
    }

    /** {@return the duration in milliseconds} */
    long took() {
        return took;
    }

    Counts subtests() {
        return subtests;
    }

    private long start(Part part) {
        return switch (part) {
            case NAME -> position;
            case MESSAGE -> afterName;
            case TEXT -> afterMessage;
            case OUTPUT -> afterText;
            case SUBTESTS -> afterOutput;
        };
    }

    long length(Part part) {
        long after = switch (part) {
            case NAME -> afterName;
            case MESSAGE -> afterMessage;
            case TEXT -> afterText;
            case OUTPUT -> afterOutput;
            case SUBTESTS -> end;
        };
        return after - start(part);
    }

    /** Copies a part from the journal. */
    void copy(ReportJournalReader journal, Part part, OutputStream to) throws IOException {
        journal.copy(start(part), length(part), to);
    }

    // Not writeUTF, which is limited to 65,535 bytes.
    private static void string(DataOutputStream out, String string) throws IOException {
        byte[] bytes = string.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String string(DataInputStream in) throws IOException {
        return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    }
}

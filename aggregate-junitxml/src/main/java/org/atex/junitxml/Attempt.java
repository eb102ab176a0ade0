package org.atex.junitxml;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;

/**
 * What is kept in memory of one attempt: whose it is, how it counts, and where in the journal the pieces of XML are that it
 * was rendered to. Immutable. It is flat because there may be a hundred thousand of it.
 */
final class Attempt {
    /** The pieces, each escaped already, in the order in which they are in the journal. */
    enum Piece {
        /** The attributes {@code name} and {@code classname}. */
        NAME,
        /** The value of the attribute {@code message}. */
        MESSAGE,
        /** What it was about. */
        TEXT,
        /** Attachments and output. */
        OUTPUT,
        /** Whole cases. */
        SUBTESTS
    }

    private static final Piece[] PIECES = Piece.values();

    private final String platform;
    private final String name;
    private final int number;
    private final boolean last;
    private final Kind kind;
    private final String type;
    private final List<String> tags;
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
     * Reads one.
     *
     * @param description as {@link #describe} made it
     * @param position where the pieces are
     * @param shared gives one and the same of strings that are equal
     */
    Attempt(byte[] description, long position, UnaryOperator<String> shared) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(description));
        platform = shared.apply(string(in));
        name = string(in);
        number = in.readInt();
        last = in.readBoolean();
        kind = Kind.valueOf(in.readUTF());
        type = shared.apply(string(in));
        String[] words = new String[in.readInt()];
        for (int i = 0; i < words.length; i++) {
            words[i] = shared.apply(string(in));
        }
        tags = List.of(words);
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

    static byte[] describe(TestRecord record, String name, int number, Case rendered) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        string(out, record.platform());
        string(out, name);
        out.writeInt(number);
        out.writeBoolean(record.last());
        out.writeUTF(rendered.kind().name());
        string(out, rendered.type());
        out.writeInt(record.test().tags().size());
        for (String tag : new TreeSet<>(record.test().tags())) {
            string(out, tag);
        }
        SystemInfo system = record.system();
        string(out, system == null ? "" : system.name());
        out.writeInt(record.slot());
        out.writeLong(record.started().toEpochMilli());
        out.writeLong(Times.millis(record.took()));
        rendered.subtests().write(out);
        for (Piece piece : PIECES) {
            out.writeLong(rendered.piece(piece).size());
        }
        return bytes.toByteArray();
    }

    String platform() {
        return platform;
    }

    /** {@return the name of the test, with its number if it is a duplicate} */
    String name() {
        return name;
    }

    /** {@return which of the attempts at the test it is, over all runs; 0 if it never started} */
    int number() {
        return number;
    }

    boolean isLast() {
        return last;
    }

    Kind kind() {
        return kind;
    }

    /** {@return what kind of failure, in a word} */
    String type() {
        return type;
    }

    /** {@return the tags of the test, in their order} */
    List<String> tags() {
        return tags;
    }

    /** {@return the name of the system, empty if there was none} */
    String system() {
        return system;
    }

    int slot() {
        return slot;
    }

    /** {@return when, in milliseconds since 1970} */
    long started() {
        return started;
    }

    /** {@return how long, in milliseconds} */
    long took() {
        return took;
    }

    Counts subtests() {
        return subtests;
    }

    long start(Piece piece) {
        return switch (piece) {
            case NAME -> position;
            case MESSAGE -> afterName;
            case TEXT -> afterMessage;
            case OUTPUT -> afterText;
            case SUBTESTS -> afterOutput;
        };
    }

    long length(Piece piece) {
        long after = switch (piece) {
            case NAME -> afterName;
            case MESSAGE -> afterMessage;
            case TEXT -> afterText;
            case OUTPUT -> afterOutput;
            case SUBTESTS -> end;
        };
        return after - start(piece);
    }

    private static void string(DataOutputStream out, String string) throws IOException {
        byte[] bytes = string.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String string(DataInputStream in) throws IOException {
        return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    }
}

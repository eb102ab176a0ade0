package org.atex.artifacts;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.UnaryOperator;
import org.atex.api.AttemptCause;
import org.atex.api.Outcome;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * The data of an attempt that most formats need in memory, and the positions of its parts in the journal. Immutable and
 * thread-safe.
 */
public final class StoredAttempt implements ReportAttempt {
    private final String platform;
    private final String name;
    private final int number;
    private final boolean last;
    private final Outcome outcome;
    private final boolean known;
    private final AttemptCause cause;
    private final long started;
    private final long took;
    /** The position of each part, and of the end. */
    private final long[] positions;

    private StoredAttempt(DataInputStream in, long position, UnaryOperator<String> shared) throws IOException {
        platform = shared.apply(string(in));
        name = string(in);
        number = in.readInt();
        last = in.readBoolean();
        outcome = Outcome.valueOf(in.readUTF());
        known = in.readBoolean();
        cause = AttemptCause.valueOf(in.readUTF());
        started = in.readLong();
        took = in.readLong();
        positions = new long[in.readByte() + 1];
        positions[0] = position;
        for (int i = 1; i < positions.length; i++) {
            positions[i] = positions[i - 1] + in.readLong();
        }
    }

    /**
     * {@return an attempt from the journal}
     *
     * @param description the bytes of its description
     * @param position the position of its first part in the journal
     * @param shared maps equal strings to one instance
     * @throws IOException if the bytes are invalid
     */
    public static StoredAttempt read(byte[] description, long position, UnaryOperator<String> shared)
            throws IOException {
        return new StoredAttempt(new DataInputStream(new ByteArrayInputStream(description)), position, shared);
    }

    /** An attempt with its parts and files, for {@link ReportFormat#render}. Not thread-safe. */
    public static final class Rendered implements ReportFormat.Rendered {
        private final TestRecord record;
        private final String name;
        private final List<TempBuffer> parts;
        private final ReportFiles.@Nullable OfAttempt files;

        /**
         * Creates an attempt.
         *
         * @param record the attempt
         * @param name the name of the test in the report
         * @param parts the parts, at most 100, which it closes
         * @param files the files, which it closes; null if there are none
         */
        public Rendered(TestRecord record, String name, List<TempBuffer> parts, ReportFiles.@Nullable OfAttempt files) {
            this.record = record;
            this.name = name;
            this.parts = parts;
            this.files = files;
        }

        @Override
        public byte[] describe(int number) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            string(out, record.platform());
            string(out, name);
            out.writeInt(number);
            out.writeBoolean(record.last());
            out.writeUTF(record.end().outcome().name());
            out.writeBoolean(record.known() != null);
            out.writeUTF(record.cause().name());
            out.writeLong(record.started().toEpochMilli());
            out.writeLong(millis(record.took()));
            out.writeByte(parts.size());
            for (TempBuffer part : parts) {
                out.writeLong(part.size());
            }
            return bytes.toByteArray();
        }

        @Override
        public List<TempBuffer> parts() {
            return parts;
        }

        @Override
        public void stored() {
            if (files != null) {
                files.keep();
            }
        }

        @Override
        public void close() throws IOException {
            try (files) {
                for (TempBuffer part : parts) {
                    part.close();
                }
            }
        }
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

    /** {@return the outcome} */
    public Outcome outcome() {
        return outcome;
    }

    /** {@return whether its failure is known, and does not count} */
    public boolean isKnown() {
        return known;
    }

    /** {@return the start} */
    public Instant started() {
        return Instant.ofEpochMilli(started);
    }

    /** {@return the duration, in milliseconds} */
    public Duration took() {
        return Duration.ofMillis(took);
    }

    /** {@return the end, at most the latest time of milliseconds since 1970} */
    public Instant ended() {
        return Instant.ofEpochMilli(started > Long.MAX_VALUE - took ? Long.MAX_VALUE : started + took);
    }

    /**
     * {@return the size of a part in bytes}
     *
     * @param part the number of the part, from 0
     */
    public long size(int part) {
        return positions[part + 1] - positions[part];
    }

    /**
     * Copies a part, or a range of it.
     *
     * @param journal the journal
     * @param part the number of the part, from 0
     * @param from the number of bytes to leave out at its beginning
     * @param until the number of bytes to leave out at its end
     * @param to receives the bytes
     * @throws IOException if the journal cannot be read, or the stream cannot be written
     */
    public void copy(ReportJournalReader journal, int part, int from, int until, OutputStream to) throws IOException {
        journal.copy(positions[part] + from, size(part) - from - until, to);
    }

    /**
     * {@return whether a test passed after an attempt that failed} A failure on a host that was then put in quarantine
     * says nothing about the test.
     *
     * @param attempts the attempts at the test, in their order
     */
    public static boolean isFlaky(List<StoredAttempt> attempts) {
        if (attempts.getLast().outcome != Outcome.PASSED) {
            return false;
        }
        for (int i = 0; i < attempts.size() - 1; i++) {
            if (attempts.get(i).outcome.verdict() == Verdict.FAILED
                    && attempts.get(i + 1).cause != AttemptCause.HOST_QUARANTINED) {
                return true;
            }
        }
        return false;
    }

    private static long millis(Duration duration) {
        return duration.compareTo(Duration.ofMillis(Long.MAX_VALUE)) > 0 ? Long.MAX_VALUE : duration.toMillis();
    }

    // Not writeUTF, which is limited to 65,535 bytes. Not UTF-8, which lacks unpaired surrogates: names that differ in
    // them must not become equal.
    private static void string(DataOutputStream out, String string) throws IOException {
        out.writeInt(string.length());
        out.writeChars(string);
    }

    private static String string(DataInputStream in) throws IOException {
        char[] string = new char[in.readInt()];
        for (int i = 0; i < string.length; i++) {
            string[i] = in.readChar();
        }
        return new String(string);
    }
}

package org.atex.artifacts;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StreamCorruptedException;
import java.io.UTFDataFormatException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * A file beside the report with all ingested attempts, from which the report can be written at any time, also after a
 * crash.
 *
 * <p>Format, big-endian: a magic number, a version and the variant of the format; then for each attempt a magic number,
 * the lengths of description and parts, their CRC-32, the description and the parts. An incomplete entry at the end is
 * ignored.
 *
 * <p>Not thread-safe: the caller serializes all calls.
 */
final class ReportJournal<A extends ReportAttempt> implements AutoCloseable {
    /** {@code ATEX} in ASCII. */
    private static final int MAGIC = 0x41544558;

    private static final int VERSION = 3;

    /** Length of the header without the variant: magic number, version, length of the variant. */
    private static final int HEADER = 4 + 1 + 2;

    /** Length of the header of an entry: magic number, two lengths, checksum. */
    private static final int ENTRY_HEADER = 4 + 4 + 8 + 8;

    /** Maximum length of a description in bytes. Protects against huge allocations when a corrupt journal is read. */
    private static final int MAX_DESCRIPTION = 64 << 20;

    private final ReportFormat<A> format;
    private final Path path;
    private final AppendFile file;
    private final Map<String, String> shared = new HashMap<>();

    private ReportJournal(ReportFormat<A> format, Path path, AppendFile file) {
        this.format = format;
        this.path = path;
        this.file = file;
    }

    /** {@return the path of the journal of a report} */
    static Path beside(Path report) {
        return report.resolveSibling(report.getFileName() + ".journal");
    }

    /** Creates an empty journal, in place of an existing one. */
    static <A extends ReportAttempt> ReportJournal<A> create(ReportFormat<A> format, Path path) throws IOException {
        ReportJournal<A> journal = new ReportJournal<>(format, path, AppendFile.open(path));
        try (TempBuffer head = journal.buffer()) {
            DataOutputStream out = new DataOutputStream(head);
            out.writeInt(MAGIC);
            out.writeByte(VERSION);
            out.writeUTF(format.variant());
            journal.file.truncate(0);
            journal.file.append(head);
            return journal;
        } catch (IOException e) {
            journal.close();
            throw e;
        }
    }

    /** Opens the journal of a crashed run, and cuts off the incomplete entry at its end. */
    static <A extends ReportAttempt> ReportJournal<A> resume(ReportFormat<A> format, Path path, long end)
            throws IOException {
        ReportJournal<A> journal = new ReportJournal<>(format, path, AppendFile.open(path));
        try {
            journal.file.truncate(end);
            return journal;
        } catch (IOException e) {
            journal.close();
            throw e;
        }
    }

    /**
     * Appends an attempt.
     *
     * @return the attempt, with the positions of its parts
     */
    A append(byte[] description, List<TempBuffer> parts) throws IOException {
        // The checksum is in the header of the entry, so the parts are read once more before they are written.
        CRC32 crc = new CRC32();
        long size = 0;
        try (CheckedOutputStream sum = new CheckedOutputStream(OutputStream.nullOutputStream(), crc)) {
            sum.write(description);
            for (TempBuffer part : parts) {
                part.writeTo(sum);
                size += part.size();
            }
        }
        try (TempBuffer head = buffer()) {
            DataOutputStream out = new DataOutputStream(head);
            out.writeInt(MAGIC);
            out.writeInt(description.length);
            out.writeLong(size);
            out.writeLong(crc.getValue());
            out.write(description);
            List<TempBuffer> all = new ArrayList<>();
            all.add(head);
            all.addAll(parts);
            long position = file.append(all.toArray(new TempBuffer[0])) + head.size();
            return format.read(description, position, this::share);
        }
    }

    void delete() throws IOException {
        Files.deleteIfExists(path);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    private TempBuffer buffer() {
        Path directory = path.toAbsolutePath().getParent();
        return new TempBuffer(directory == null ? Path.of("") : directory);
    }

    private String share(String string) {
        String before = shared.putIfAbsent(string, string);
        return before == null ? string : before;
    }

    /** The variant of a journal, and the position after its last complete entry. */
    record Contents(String variant, long end) {}

    /** {@return whether the journal ends within its header: its writer was killed before the first entry} */
    static boolean isBlank(Path path) throws IOException {
        try (DataInputStream in = new DataInputStream(new FileInputStream(path.toFile()))) {
            // Read, not skipped: FileInputStream skips beyond the end of a file without an error.
            in.readFully(new byte[4 + 1]);
            in.readFully(new byte[in.readUnsignedShort()]);
            return false;
        } catch (EOFException e) {
            return true;
        }
    }

    /**
     * {@return the variant in the header of a journal}
     *
     * @throws StreamCorruptedException if the file is not a journal
     */
    static String variant(ReportFormat<?> format, Path path) throws IOException {
        try (DataInputStream in = new DataInputStream(new FileInputStream(path.toFile()))) {
            return variant(format, in, path);
        }
    }

    /**
     * Reads all attempts. In a corrupt journal, those before the corrupt entry are passed to the consumer before the
     * exception is thrown.
     *
     * @throws StreamCorruptedException if the journal is corrupt, or the file is not a journal
     */
    static <A extends ReportAttempt> Contents read(ReportFormat<A> format, Path path, Consumer<A> attempts)
            throws IOException {
        CRC32 crc = new CRC32();
        Map<String, String> shared = new HashMap<>();
        try (DataInputStream in = new DataInputStream(
                new CheckedInputStream(new BufferedInputStream(new FileInputStream(path.toFile()), 64 << 10), crc))) {
            String variant = variant(format, in, path);
            long end = HEADER + (long) variant.length();
            try {
                while (true) {
                    check(in.readInt() == MAGIC, path, end);
                    int length = in.readInt();
                    long size = in.readLong();
                    long sum = in.readLong();
                    check(length > 0 && length <= MAX_DESCRIPTION && size >= 0, path, end);
                    crc.reset();
                    byte[] description = new byte[length];
                    in.readFully(description);
                    in.skipNBytes(size);
                    check(crc.getValue() == sum, path, end);
                    long position = end + ENTRY_HEADER + length;
                    attempts.accept(format.read(description, position, s -> shared.computeIfAbsent(s, t -> t)));
                    end = position + size;
                }
            } catch (EOFException e) {
                return new Contents(variant, end);
            }
        }
    }

    private static String variant(ReportFormat<?> format, DataInputStream in, Path path) throws IOException {
        try {
            check(in.readInt() == MAGIC && in.readByte() == VERSION, path, 0);
            String variant = in.readUTF();
            check(format.isVariant(variant), path, 0);
            return variant;
        } catch (UTFDataFormatException e) {
            throw new StreamCorruptedException(path + " is corrupt at byte 0");
        } catch (EOFException e) {
            throw new StreamCorruptedException(path + " is empty: no results were ingested; delete it");
        }
    }

    private static void check(boolean valid, Path path, long at) throws IOException {
        if (!valid) {
            throw new StreamCorruptedException(path + " is corrupt at byte " + at);
        }
    }
}

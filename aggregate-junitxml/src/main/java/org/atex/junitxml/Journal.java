package org.atex.junitxml;

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
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import org.atex.artifacts.AppendFile;
import org.atex.artifacts.TempBuffer;

/**
 * A file beside the report with all ingested attempts, from which the report can be written at any time, also after a
 * crash.
 *
 * <p>Format, big-endian: a magic number, a version and the name of the profile; then for each attempt a magic number,
 * the lengths of description and parts, their CRC-32, the description and the parts. An incomplete entry at the end is
 * ignored.
 *
 * <p>Not thread-safe: the caller serializes all calls.
 */
final class Journal implements AutoCloseable {
    /** {@code ATEX} in ASCII. */
    private static final int MAGIC = 0x41544558;

    private static final int VERSION = 3;

    /** Length of the header without the name of the profile: magic number, version, length of the name. */
    private static final int HEADER = 4 + 1 + 2;

    /** Length of the header of an entry: magic number, two lengths, checksum. */
    private static final int ENTRY_HEADER = 4 + 4 + 8 + 8;

    /** Maximum length of a description in bytes. Protects against huge allocations when a corrupt journal is read. */
    private static final int MAX_DESCRIPTION = 64 << 20;

    private final Path path;
    private final AppendFile file;
    private final Map<String, String> shared = new HashMap<>();

    private Journal(Path path, AppendFile file) {
        this.path = path;
        this.file = file;
    }

    /** {@return the path of the journal of a report} */
    static Path beside(Path report) {
        return report.resolveSibling(report.getFileName() + ".journal");
    }

    /** Creates an empty journal, in place of an existing one. */
    static Journal create(Path path, Profile profile) throws IOException {
        Journal journal = new Journal(path, AppendFile.open(path));
        try (TempBuffer head = journal.buffer()) {
            DataOutputStream out = new DataOutputStream(head);
            out.writeInt(MAGIC);
            out.writeByte(VERSION);
            out.writeUTF(profile.name());
            journal.file.truncate(0);
            journal.file.append(head);
            return journal;
        } catch (IOException e) {
            journal.close();
            throw e;
        }
    }

    /** Opens the journal of a crashed run, and cuts off the incomplete entry at its end. */
    static Journal resume(Path path, long end) throws IOException {
        Journal journal = new Journal(path, AppendFile.open(path));
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
    Attempt append(byte[] description, RenderedAttempt rendered) throws IOException {
        // The checksum is in the header of the entry, so the parts are read once more before they are written.
        CRC32 crc = new CRC32();
        long size = 0;
        try (CheckedOutputStream sum = new CheckedOutputStream(OutputStream.nullOutputStream(), crc)) {
            sum.write(description);
            for (TempBuffer part : rendered.parts()) {
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
            TempBuffer[] parts = rendered.parts();
            TempBuffer[] all = new TempBuffer[1 + parts.length];
            all[0] = head;
            System.arraycopy(parts, 0, all, 1, parts.length);
            long position = file.append(all) + head.size();
            return new Attempt(description, position, this::share);
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

    /** The profile of a journal, and the position after its last complete entry. */
    record Contents(Profile profile, long end) {}

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
     * {@return the profile in the header of a journal}
     *
     * @throws StreamCorruptedException if the file is not a journal
     */
    static Profile profile(Path path) throws IOException {
        try (DataInputStream in = new DataInputStream(new FileInputStream(path.toFile()))) {
            return profile(in, path);
        }
    }

    /**
     * Reads all attempts. In a corrupt journal, those before the corrupt entry are passed to the consumer before the
     * exception is thrown.
     *
     * @throws StreamCorruptedException if the journal is corrupt, or the file is not a journal
     */
    static Contents read(Path path, Consumer<Attempt> attempts) throws IOException {
        CRC32 crc = new CRC32();
        Map<String, String> shared = new HashMap<>();
        try (DataInputStream in = new DataInputStream(
                new CheckedInputStream(new BufferedInputStream(new FileInputStream(path.toFile()), 64 << 10), crc))) {
            Profile profile = profile(in, path);
            long end = HEADER + (long) profile.name().length();
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
                    attempts.accept(new Attempt(description, position, s -> shared.computeIfAbsent(s, t -> t)));
                    end = position + size;
                }
            } catch (EOFException e) {
                return new Contents(profile, end);
            }
        }
    }

    private static Profile profile(DataInputStream in, Path path) throws IOException {
        try {
            check(in.readInt() == MAGIC && in.readByte() == VERSION, path, 0);
            return Profile.valueOf(in.readUTF());
        } catch (IllegalArgumentException | UTFDataFormatException e) {
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

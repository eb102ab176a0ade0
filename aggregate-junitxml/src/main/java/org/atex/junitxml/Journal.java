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
import org.atex.artifacts.Spool;

/**
 * Everything that was ingested, in a file beside the report: what a report is made of at any time, also after a crash.
 *
 * <p>For one thread at a time.
 */
final class Journal implements AutoCloseable {
    private static final int MAGIC = 0x41544558;
    private static final int VERSION = 2;
    /** What the file begins with, but for the profile's name: the two numbers, and the name's length. */
    private static final int HEAD = 4 + 1 + 2;
    /** What an entry begins with: the number, two lengths and the checksum. */
    private static final int ENTRY_HEAD = 4 + 4 + 8 + 8;

    private static final int MOST_DESCRIPTION = 64 << 20;

    private final Path path;
    private final AppendFile file;
    private final Map<String, String> shared = new HashMap<>();

    private Journal(Path path, AppendFile file) {
        this.path = path;
        this.file = file;
    }

    static Path beside(Path report) {
        return report.resolveSibling(report.getFileName() + ".journal");
    }

    static Journal create(Path path, Profile profile) throws IOException {
        Journal journal = new Journal(path, AppendFile.open(path));
        try (Spool head = journal.spool()) {
            DataOutputStream out = new DataOutputStream(head);
            out.writeInt(MAGIC);
            out.writeByte(VERSION);
            out.writeUTF(profile.name());
            journal.file.cut(0);
            journal.file.append(head);
            return journal;
        } catch (IOException e) {
            journal.close();
            throw e;
        }
    }

    /** Opens one that a crash left, without what was torn at its end. */
    static Journal resume(Path path, long end) throws IOException {
        Journal journal = new Journal(path, AppendFile.open(path));
        try {
            journal.file.cut(end);
            return journal;
        } catch (IOException e) {
            journal.close();
            throw e;
        }
    }

    Attempt append(byte[] description, Case rendered) throws IOException {
        CRC32 crc = new CRC32();
        long size = 0;
        try (CheckedOutputStream sum = new CheckedOutputStream(OutputStream.nullOutputStream(), crc)) {
            sum.write(description);
            for (Spool piece : rendered.pieces()) {
                piece.writeTo(sum);
                size += piece.size();
            }
        }
        try (Spool head = spool()) {
            DataOutputStream out = new DataOutputStream(head);
            out.writeInt(MAGIC);
            out.writeInt(description.length);
            out.writeLong(size);
            out.writeLong(crc.getValue());
            out.write(description);
            Spool[] pieces = rendered.pieces();
            Spool[] all = new Spool[1 + pieces.length];
            all[0] = head;
            System.arraycopy(pieces, 0, all, 1, pieces.length);
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

    private Spool spool() {
        Path directory = path.toAbsolutePath().getParent();
        return new Spool(directory == null ? Path.of("") : directory);
    }

    private String share(String string) {
        String before = shared.putIfAbsent(string, string);
        return before == null ? string : before;
    }

    /** What a journal says it holds: the profile, and where the last whole entry ends. */
    record Contents(Profile profile, long end) {}

    /** {@return whether its writer was killed before anything could be in it} */
    static boolean isBlank(Path path) throws IOException {
        try (DataInputStream in = new DataInputStream(new FileInputStream(path.toFile()))) {
            // Read, not skipped: a file may be skipped beyond its end.
            in.readFully(new byte[4 + 1]);
            in.readFully(new byte[in.readUnsignedShort()]);
            return false;
        } catch (EOFException e) {
            return true;
        }
    }

    /**
     * {@return the profile of a report}
     *
     * @throws StreamCorruptedException if it is no journal
     */
    static Profile profile(Path path) throws IOException {
        try (DataInputStream in = new DataInputStream(new FileInputStream(path.toFile()))) {
            return profile(in, path);
        }
    }

    /**
     * Reads all attempts; of a journal that is broken, those before that place.
     *
     * @throws StreamCorruptedException if it is broken, or is none
     */
    static Contents read(Path path, Consumer<Attempt> attempts) throws IOException {
        CRC32 crc = new CRC32();
        Map<String, String> shared = new HashMap<>();
        try (DataInputStream in = new DataInputStream(
                new CheckedInputStream(new BufferedInputStream(new FileInputStream(path.toFile()), 64 << 10), crc))) {
            Profile profile = profile(in, path);
            long end = HEAD + (long) profile.name().length();
            try {
                while (true) {
                    check(in.readInt() == MAGIC, path, end);
                    int length = in.readInt();
                    long size = in.readLong();
                    long sum = in.readLong();
                    check(length > 0 && length <= MOST_DESCRIPTION && size >= 0, path, end);
                    crc.reset();
                    byte[] description = new byte[length];
                    in.readFully(description);
                    in.skipNBytes(size);
                    check(crc.getValue() == sum, path, end);
                    long position = end + ENTRY_HEAD + length;
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
            throw new StreamCorruptedException(path + " is broken at byte 0");
        } catch (EOFException e) {
            throw new StreamCorruptedException(path + " is empty: nothing was ingested; delete it");
        }
    }

    private static void check(boolean well, Path path, long at) throws IOException {
        if (!well) {
            throw new StreamCorruptedException(path + " is broken at byte " + at);
        }
    }
}

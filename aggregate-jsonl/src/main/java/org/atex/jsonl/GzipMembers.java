package org.atex.jsonl;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/**
 * Reads members as {@link java.util.zip.GZIPOutputStream} writes them. {@link java.util.zip.GZIPInputStream} cannot be
 * used: it does not report the ends of members.
 */
final class GzipMembers implements CompressedMembers {
    // Lengths in bytes, for a header without optional fields (RFC 1952, 2.3).
    private static final int HEADER = 10;
    private static final int TRAILER = 8;

    private final InputStream in;
    private long end;

    GzipMembers(InputStream in) {
        this.in = in;
    }

    @Override
    public long end() {
        return end;
    }

    @Override
    public boolean next(OutputStream to) throws IOException {
        byte[] header = in.readNBytes(HEADER);
        if (header.length < HEADER) {
            return false;
        }
        if (!isPlainHeader(header)) {
            throw new ZipException("no gzip member of this library begins at byte " + end);
        }
        Inflater inflater = new Inflater(true);
        try {
            CRC32 crc = new CRC32();
            inflate(inflater, crc, to);
            return verifyTrailer(inflater, crc);
        } catch (EOFException e) {
            return false;
        } catch (DataFormatException e) {
            throw new ZipException("the gzip member at byte " + end + " is corrupt: " + e.getMessage());
        } finally {
            inflater.end();
        }
    }

    private boolean verifyTrailer(Inflater inflater, CRC32 crc) throws IOException {
        ByteBuffer trailer = ByteBuffer.wrap(in.readNBytes(TRAILER)).order(ByteOrder.LITTLE_ENDIAN);
        if (trailer.remaining() < TRAILER) {
            return false;
        }
        if (trailer.getInt() != (int) crc.getValue() || trailer.getInt() != (int) inflater.getBytesWritten()) {
            throw new ZipException("the gzip member at byte " + end + " is corrupt: its checksum does not match");
        }
        end += HEADER + inflater.getBytesRead() + TRAILER;
        return true;
    }

    private static boolean isPlainHeader(byte[] header) {
        return header[0] == 0x1f && header[1] == (byte) 0x8b && header[2] == 8 && header[3] == 0;
    }

    private void inflate(Inflater inflater, CRC32 crc, OutputStream to) throws IOException, DataFormatException {
        byte[] compressed = new byte[8192];
        byte[] plain = new byte[32 << 10];
        int got = 0;
        while (!inflater.finished()) {
            if (inflater.needsInput()) {
                // The end of the member is found only by the inflater, possibly in the middle of these bytes.
                in.mark(compressed.length);
                got = in.read(compressed);
                if (got < 0) {
                    throw new EOFException();
                }
                inflater.setInput(compressed, 0, got);
            }
            int some = inflater.inflate(plain);
            if (inflater.needsDictionary()) {
                throw new DataFormatException("it needs a dictionary");
            }
            crc.update(plain, 0, some);
            to.write(plain, 0, some);
        }
        // Return the bytes read beyond the end: they belong to the trailer and to the next member.
        in.reset();
        in.skipNBytes(got - inflater.getRemaining());
    }
}

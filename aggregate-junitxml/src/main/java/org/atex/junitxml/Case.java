package org.atex.junitxml;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.atex.artifacts.Spool;

/** One attempt, rendered: pieces of XML that may be large, and what they amount to. */
final class Case implements AutoCloseable {
    private final Map<Attempt.Piece, Spool> pieces = new EnumMap<>(Attempt.Piece.class);
    private final Kind kind;
    private String type = "";
    private Counts subtests = Counts.NONE;

    Case(Path scratch, Kind kind) {
        this.kind = kind;
        for (Attempt.Piece piece : Attempt.Piece.values()) {
            pieces.put(piece, new Spool(scratch));
        }
    }

    Kind kind() {
        return kind;
    }

    String type() {
        return type;
    }

    void setType(String word) {
        type = word;
    }

    Counts subtests() {
        return subtests;
    }

    void addSubtest(Kind subtest) {
        subtests = subtests.plus(subtest);
    }

    Spool piece(Attempt.Piece piece) {
        return Objects.requireNonNull(pieces.get(piece));
    }

    Spool[] pieces() {
        return pieces.values().toArray(new Spool[0]);
    }

    @Override
    public void close() throws IOException {
        for (Spool spool : pieces.values()) {
            spool.close();
        }
    }
}

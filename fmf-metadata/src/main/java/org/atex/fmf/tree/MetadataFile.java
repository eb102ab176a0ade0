package org.atex.fmf.tree;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.fmf.tree.FmfException.Kind;

/** Reads YAML files. */
final class MetadataFile {
    private MetadataFile() {}

    static YamlReader.Document read(Path file) {
        return YamlReader.read(file.toString(), text(file));
    }

    static String text(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw new FmfException(
                        Kind.FILE,
                        "Could not read " + file + ": "
                                + (Files.exists(file) ? "it is not a regular file" : "no such file"));
            }
            if (Files.size(file) > Limits.FILE_BYTES) {
                throw Limits.exceeded("The size of " + file + " in bytes", Limits.FILE_BYTES);
            }
            return decode(Files.readAllBytes(file));
        } catch (CharacterCodingException e) {
            throw new FmfException(Kind.INVALID_VALUE, "Could not read " + file + ": it is not UTF-8 text", e);
        } catch (IOException e) {
            throw new FmfException(Kind.FILE, "Could not read " + file + ": " + e.getMessage(), e);
        }
    }

    private static String decode(byte[] bytes) throws CharacterCodingException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(bytes))
                .toString();
    }
}

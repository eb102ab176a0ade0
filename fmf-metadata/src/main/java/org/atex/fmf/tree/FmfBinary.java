package org.atex.fmf.tree;

import java.util.Arrays;

/** The bytes of a YAML scalar with the tag {@code !!binary}. Immutable. */
public final class FmfBinary {
    private final byte[] bytes;

    FmfBinary(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    /** {@return a copy of the bytes} */
    public byte[] bytes() {
        return bytes.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FmfBinary binary && Arrays.equals(bytes, binary.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return bytes.length + " bytes";
    }
}

package org.atex.fmf;

import java.nio.file.Path;

/**
 * A directory that every system gets a copy of.
 *
 * @param place where the copy is, in the directory that the executor has on a system: {@code tree} for the only tree,
 *     {@code tree/NAME} for that of one of several sections of a plan, {@code libs/NICK} for a library
 * @param directory the directory, here
 */
public record FmfSource(String place, Path directory) {}

package org.atex.fmf;

import java.nio.file.Path;

/**
 * A directory that is copied to each system.
 *
 * @param place the path of the copy, relative to the executor's directory on a system: {@code tree} for the only tree,
 *     {@code tree/NAME} for the tree of one of several sections of a plan, {@code libs/NICK} for a library
 * @param directory the directory on this machine
 */
public record FmfSource(String place, Path directory) {}

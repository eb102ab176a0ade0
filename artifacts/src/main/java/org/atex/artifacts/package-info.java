/** Reads and writes the artifacts of a test: results as JSON Lines, and files. */
@NullMarked
package org.atex.artifacts;

import org.jspecify.annotations.NullMarked;

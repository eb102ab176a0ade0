/** Reads and writes the artifacts of a test: results as JSON Lines, and files. */
@NullMarked
@Stable
package org.atex.artifacts;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;

/** Reads and writes what a test leaves behind: results as JSON Lines, and files. */
@NullMarked
package org.atex.artifacts;

import org.jspecify.annotations.NullMarked;

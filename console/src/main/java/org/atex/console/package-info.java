/** Prints the progress of a run, and stops it on signals. Works with every {@link org.atex.api.Orchestrator}. */
@NullMarked
@Stable
package org.atex.console;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;

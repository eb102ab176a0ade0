/** Runs tests that are commands. */
@NullMarked
@Stable
package org.atex.command;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;

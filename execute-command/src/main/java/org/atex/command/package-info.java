/** Runs tests that are commands. */
@NullMarked
package org.atex.command;

import org.jspecify.annotations.NullMarked;

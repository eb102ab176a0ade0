/** Whole-run scenarios: each prints a figure, a baseline of the same run, and their ratio. */
@NullMarked
package org.atex.benchmarks;

import org.jspecify.annotations.NullMarked;

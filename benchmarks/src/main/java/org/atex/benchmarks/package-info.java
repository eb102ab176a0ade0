/** Benchmarks of whole runs: each prints a result, a baseline measured in the same run, and their ratio. */
@NullMarked
package org.atex.benchmarks;

import org.jspecify.annotations.NullMarked;

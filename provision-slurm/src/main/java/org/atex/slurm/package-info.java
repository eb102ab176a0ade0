/** Allocations of a Slurm cluster as systems under test. */
@NullMarked
@Stable
package org.atex.slurm;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;

/** Orchestrators that run tests on a pool of systems, with locks, reruns and replacement of systems. */
@NullMarked
@Stable
package org.atex.adhoc;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;

/** The pool of systems, the schedule, reruns. */
@NullMarked
@Stable
package org.atex.adhoc;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;

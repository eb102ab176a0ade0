/** The pool of systems, the schedule, reruns. */
@NullMarked
package org.atex.adhoc;

import org.jspecify.annotations.NullMarked;

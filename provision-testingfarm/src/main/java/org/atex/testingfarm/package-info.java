/** Machines that are reserved through the Testing Farm API: a typed client, and a provisioner over it. */
@NullMarked
@Stable
package org.atex.testingfarm;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;

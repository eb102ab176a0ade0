/** A client of the Testing Farm API, and a provisioner of machines that are reserved with it. */
@NullMarked
@Stable
package org.atex.testingfarm;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;

/** A client of the Testing Farm API, and a provisioner of machines that are reserved with it. */
@NullMarked
package org.atex.testingfarm;

import org.jspecify.annotations.NullMarked;

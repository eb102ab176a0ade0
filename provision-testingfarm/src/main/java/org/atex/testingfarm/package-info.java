/** Machines that are reserved through the Testing Farm API: a typed client, and a provisioner over it. */
@NullMarked
package org.atex.testingfarm;

import org.jspecify.annotations.NullMarked;

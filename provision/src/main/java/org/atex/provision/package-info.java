/**
 * Makes a provisioner of a function that makes a system: {@link org.atex.provision.Provisioners}.
 */
@NullMarked
@Stable
package org.atex.provision;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;

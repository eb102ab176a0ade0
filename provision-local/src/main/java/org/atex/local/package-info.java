/** This machine as a system. */
@NullMarked
@Stable
package org.atex.local;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;

/** Contracts that implementations pass by subclassing, fakes that pass them, leak checks. */
@NullMarked
@Stable
package org.atex.testkit;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;

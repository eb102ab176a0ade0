/** Contracts that implementations pass by subclassing, fakes that pass them, leak checks. */
@NullMarked
package org.atex.testkit;

import org.jspecify.annotations.NullMarked;

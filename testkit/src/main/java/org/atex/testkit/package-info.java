/**
 * Contract classes with the tests of {@code docs/contract.md}, fakes of all blocks, a leak check and a fault proxy. An
 * implementation inherits the tests of its interface by a subclass.
 */
@NullMarked
@Stable
package org.atex.testkit;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;

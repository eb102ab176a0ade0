/**
 * Ordered interleaving of threads, and of commands on systems, in tests: actors pass the checkpoints in their code in
 * exactly the planned order. Works in any test framework, and without the other blocks.
 */
@NullMarked
@Preview
package org.atex.interleave;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;

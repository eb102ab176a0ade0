/** Small programs that use the blocks. */
@NullMarked
package org.atex.examples;

import org.jspecify.annotations.NullMarked;

/** The blocks and the values that pass between them. */
@NullMarked
@Stable
package org.atex.api;

import org.jspecify.annotations.NullMarked;

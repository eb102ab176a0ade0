/** The blocks and the values that pass between them. */
@NullMarked
package org.atex.api;

import org.jspecify.annotations.NullMarked;

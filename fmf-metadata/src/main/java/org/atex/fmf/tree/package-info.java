/** Reads trees of fmf metadata from files into immutable nodes. */
@NullMarked
@Stable
package org.atex.fmf.tree;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;
